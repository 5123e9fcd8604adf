#include "config/sections/route.hpp"

#include "tests/unit/config/fixture.hpp"

#include <gtest/gtest.h>

namespace cardea::config {
namespace {

// Own ports are off: a route may lead to any local one.
load_result load_routes(const std::string& text) {
  test::world here;
  here.files["config.yml"] =
      "entrypoint: {http_addr: '', https_addr: ''}\napi: {addr: ''}\nproviders: {include: routes.yml}\n";
  here.files["routes.yml"] = text;
  return here.load();
}

route_section only_route(const std::string& text) {
  const auto result = load_routes(text);
  EXPECT_TRUE(result.loaded) << format_issues(result.errors);
  if (!result.loaded || result.loaded->routes.size() != 1) return {};
  return result.loaded->routes[0];
}

TEST(route, has_the_defaults_of_godoxy_when_it_has_no_body) {
  const auto route = only_route("App:\n");
  EXPECT_EQ(route.alias, "app");
  EXPECT_EQ(route.scheme, route_scheme::http);
  EXPECT_EQ(route.host, "localhost");
  EXPECT_EQ(route.port, 80);
  EXPECT_EQ(route.response_header_timeout, std::chrono::seconds(60));
  EXPECT_EQ(route.source, "routes.yml:1:1");
}

struct choice {
  const char* text;
  route_scheme scheme;
  std::uint16_t port;
};

TEST(route, chooses_scheme_and_port_from_one_another) {
  constexpr choice all[] = {
      {"a: {port: 8080}", route_scheme::http, 8080},
      {"a: {port: ':8080'}", route_scheme::http, 8080},
      {"a: {port: '0:8080'}", route_scheme::http, 8080},
      {"a: {port: 443}", route_scheme::https, 443},
      {"a: {port: 9443}", route_scheme::https, 9443},
      {"a: {port: 9443, scheme: http}", route_scheme::http, 9443},
      {"a: {scheme: HTTPS}", route_scheme::https, 443},
      {"a: {scheme: http, port: 0}", route_scheme::http, 80},
      {"portainer: {}", route_scheme::https, 9443},
      {"portainer: {port: 9000}", route_scheme::http, 9000},
      {"crafty:", route_scheme::https, 8080},
  };
  for (const choice& one : all) {
    const auto route = only_route(one.text);
    EXPECT_EQ(route.scheme, one.scheme) << one.text;
    EXPECT_EQ(route.port, one.port) << one.text;
  }
}

TEST(route, accepts_names_and_addresses_as_host) {
  for (const char* host : {"10.0.0.1", "web_1", "a.example", "\"::1\"", "\"[::1]\""})
    EXPECT_FALSE(only_route("a: {host: " + std::string(host) + "}").host.empty()) << host;
  EXPECT_EQ(only_route("a: {host: '[::1]'}").host, "::1");
}

TEST(route, serves_files) {
  const auto route = only_route("docs: {scheme: fileserver, root: /srv/www, index: /home.html, spa: true}");
  EXPECT_EQ(route.scheme, route_scheme::fileserver);
  EXPECT_EQ(route.files.root, "/srv/www");
  EXPECT_EQ(route.files.index, "/home.html");
  EXPECT_TRUE(route.files.spa);
}

TEST(route, may_be_a_host_name_or_a_wildcard) {
  for (const char* alias : {"app.example.com", "\"*.example.com\"", "\"*.lan\""})
    EXPECT_TRUE(load_routes(std::string(alias) + ": {}").loaded) << alias;
}

TEST(route, templates_are_dropped_after_they_were_merged) {
  const auto route = only_route(
      "x-common: &common\n  host: 10.0.0.7\n  response_header_timeout: 2m\n"
      "app:\n  <<: *common\n  port: 3000\n");
  EXPECT_EQ(route.alias, "app");
  EXPECT_EQ(route.host, "10.0.0.7");
  EXPECT_EQ(route.response_header_timeout, std::chrono::minutes(2));
}

TEST(route, display_data_is_accepted_and_named) {
  const auto result = load_routes(
      "a:\n  healthcheck: {disable: true, interval: 3s}\n  homepage: {name: A, icon: '@selfhst/a.svg'}\n"
      "b:\n  healthcheck: {path: /health}\n  homepage: {show: false}\n  disable_compression: true\n");
  ASSERT_TRUE(result.loaded) << format_issues(result.errors);
  EXPECT_EQ(format_issues(result.warnings), "");
  EXPECT_EQ(format_issues(result.notes),
            "routes.yml:3:3: a.homepage: has no effect: there is no dashboard to show it\n");
}

TEST(route, what_switches_nothing_on_is_not_refused) {
  EXPECT_TRUE(
      load_routes("a: {middlewares: {}, rules: [], tls_termination: false, max_conns_per_host: 0, bind: ''}")
          .loaded);
}

TEST(route, may_have_limits_of_its_own_for_bodies) {
  const auto plain = only_route("a: {}");
  EXPECT_FALSE(plain.request_body_bytes_max);
  EXPECT_FALSE(plain.request_body_rate_min);
  const auto own = only_route("a: {request_body_bytes_max: 2GiB, request_body_rate_min: 0}");
  EXPECT_EQ(own.request_body_bytes_max, std::size_t{2} << 30U);
  EXPECT_EQ(own.request_body_rate_min, 0U);
  EXPECT_FALSE(load_routes("a: {request_body_bytes_max: -1}").loaded);
}

TEST(route, of_an_empty_file_is_none) {
  const auto result = load_routes("# later\n");
  ASSERT_TRUE(result.loaded);
  EXPECT_TRUE(result.loaded->routes.empty());
}

TEST(route, to_our_own_port_elsewhere_is_no_loop) {
  const auto result = test::load_main(
      "entrypoint: {http_addr: '10.0.0.1:80'}\n"
      "routes: {a: {port: 80}, b: {host: 10.0.0.2, port: 443}, c: {scheme: fileserver, root: /srv, port: "
      "443}}\n");
  EXPECT_TRUE(result.loaded) << format_issues(result.errors);
}

}  // namespace
}  // namespace cardea::config
