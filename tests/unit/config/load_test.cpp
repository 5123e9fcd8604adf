#include "config/load.hpp"

#include "tests/unit/config/fixture.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace cardea::config {
namespace {

TEST(load, takes_the_configuration_of_the_comparison_with_other_proxies) {
  test::world here;
  here.files["/tmp/bench/routes.yml"] =
      "bench:\n  host: 127.0.0.1\n  port: 18080\n  healthcheck:\n    disable: true\n";
  here.files["/tmp/bench/config.yml"] = R"(
autocert:
  provider: local
  cert_path: /tmp/bench/cert.crt
  key_path: /tmp/bench/cert.key
entrypoint:
  http_addr: ""
  https_addr: 127.0.0.1:18443
  threads: 1
api:
  addr: ""
match_domains: [test]
providers:
  include: [routes.yml]
)";
  const auto result = here.load("/tmp/bench/config.yml");
  ASSERT_TRUE(result.loaded) << format_issues(result.errors);
  EXPECT_TRUE(result.warnings.empty());
  EXPECT_TRUE(result.notes.empty());
  const configuration& loaded = *result.loaded;
  EXPECT_EQ(loaded.autocert.main.cert_path, "/tmp/bench/cert.crt");
  EXPECT_EQ(loaded.entrypoint.http_addr, "");
  EXPECT_EQ(loaded.entrypoint.https_addr, "127.0.0.1:18443");
  EXPECT_EQ(loaded.entrypoint.threads, 1U);
  EXPECT_EQ(loaded.api.addr, "");
  EXPECT_EQ(loaded.match_domains, std::vector<std::string>{"test"});
  ASSERT_EQ(loaded.routes.size(), 1U);
  EXPECT_EQ(loaded.routes[0].alias, "bench");
  EXPECT_EQ(loaded.routes[0].host, "127.0.0.1");
  EXPECT_EQ(loaded.routes[0].port, 18080);
  EXPECT_EQ(loaded.files, (std::vector<std::string>{"/tmp/bench/config.yml", "/tmp/bench/routes.yml"}));
}

TEST(load, takes_a_configuration_as_godoxy_users_have_it) {
  test::world here;
  here.variables = {{"GODOXY_CF_TOKEN", "t0ken"}, {"DOMAIN", "example.com"}};
  here.files["config/config.yml"] = R"(
autocert:
  provider: cloudflare
  email: "admin@${DOMAIN}"
  domains:
    - "*.${DOMAIN}"
    - ${DOMAIN}
  options:
    auth_token: ${CF_TOKEN}
entrypoint:
  support_proxy_protocol: false
  middlewares: []
providers:
  include: "hosts.yml, more.yml"
  docker: {}
  notification:
match_domains:
  - .example.com
homepage:
  use_default_categories: true
timeout_shutdown: 5
)";
  here.files["config/hosts.yml"] = "nas:\n  host: 10.0.0.5\n  port: 5001\n";
  here.files["config/more.yml"] = "pve.example.com: {host: 10.0.0.6, port: 8443, no_tls_verify: yes}\n";
  const auto result = here.load("config/config.yml");
  ASSERT_TRUE(result.loaded) << format_issues(result.errors);
  const configuration& loaded = *result.loaded;
  EXPECT_EQ(loaded.autocert.main.options.at("auth_token").reveal(), "t0ken");
  EXPECT_EQ(loaded.autocert.main.email, "admin@example.com");
  EXPECT_EQ(loaded.match_domains, std::vector<std::string>{"example.com"});
  EXPECT_EQ(loaded.timeout_shutdown, std::chrono::seconds(5));
  ASSERT_EQ(loaded.routes.size(), 2U);
  EXPECT_EQ(loaded.routes[1].scheme, route_scheme::https);
  EXPECT_TRUE(loaded.routes[1].tls.no_verify);
  EXPECT_EQ(result.notes.size(), 1U);
}

TEST(load, has_all_defaults_for_an_empty_file) {
  const auto result = test::load_main("");
  ASSERT_TRUE(result.loaded) << format_issues(result.errors);
  EXPECT_EQ(result.loaded->entrypoint.http_addr, ":80");
  EXPECT_EQ(result.loaded->entrypoint.https_addr, ":443");
  EXPECT_EQ(result.loaded->api.addr, "127.0.0.1:8888");
  EXPECT_EQ(result.loaded->timeout_shutdown, std::chrono::seconds(3));
}

TEST(load, addresses_of_the_environment_win) {
  test::world here;
  here.files["config.yml"] = "entrypoint: {http_addr: ':8080', https_addr: ':8443'}\napi: {addr: off}\n";
  here.variables = {{"GODOXY_HTTP_ADDR", ":1"},
                    {"CARDEA_HTTP_ADDR", "0.0.0.0:2"},
                    {"GODOXY_HTTPS_ADDR", "OFF"},
                    {"GOPROXY_API_ADDR", ":3"},
                    {"CARDEA_HTTPS_ADDR", ""}};
  const auto result = here.load();
  ASSERT_TRUE(result.loaded) << format_issues(result.errors);
  EXPECT_EQ(result.loaded->entrypoint.http_addr, "0.0.0.0:2");
  EXPECT_EQ(result.loaded->entrypoint.https_addr, "");
  EXPECT_EQ(result.loaded->api.addr, ":3");
}

TEST(load, a_wrong_address_in_the_environment_is_named) {
  test::world here;
  here.files["config.yml"] = "";
  here.variables = {{"GODOXY_API_ADDR", "8888"}};
  EXPECT_EQ(
      format_issues(here.load().errors),
      "environment: GODOXY_API_ADDR: expected an address to listen on (host:port, :port, or \"\" for off), "
      "found \"8888\"; write \":8888\"\n");
}

TEST(load, limits_of_the_data_plane_can_be_set) {
  const auto result = test::load_main(
      "entrypoint:\n  limits: {request_head_bytes_max: 64KiB, header_count_max: 50, keep_alive_timeout: "
      "90s}\n");
  ASSERT_TRUE(result.loaded) << format_issues(result.errors);
  EXPECT_EQ(result.loaded->entrypoint.limits.request_head_bytes_max, 65'536U);
  EXPECT_EQ(result.loaded->entrypoint.limits.header_count_max, 50U);
  EXPECT_EQ(result.loaded->entrypoint.limits.keep_alive_timeout, std::chrono::seconds(90));
}

TEST(load, text_without_a_file_has_routes_of_its_own) {
  const auto result =
      load_text("<embedded>", "routes: {www: {scheme: fileserver, root: /srv}}\n", test::world().options());
  ASSERT_TRUE(result.loaded) << format_issues(result.errors);
  EXPECT_EQ(result.loaded->routes.at(0).source, "<embedded>:1:10");
  EXPECT_TRUE(result.loaded->files.empty());
}

TEST(load, files_to_watch_are_known_even_when_it_fails) {
  test::world here;
  here.files["c/config.yml"] = "providers: {include: [a.yml, sub/b.yml]}\nfoo: 1\n";
  here.files["c/a.yml"] = "]";
  const auto result = here.load("c/config.yml");
  EXPECT_FALSE(result.loaded);
  EXPECT_EQ(result.files,
            (std::vector<std::string>{"c/config.yml", "c/autocert.yml", "c/a.yml", "c/sub/b.yml"}));
}

TEST(load, errors_are_told_apart_by_their_code) {
  const std::pair<const char*, errc> all[] = {
      {"]", errc::syntax},
      {"foo: 1", errc::unknown_key},
      {"acl: {default: deny}", errc::unsupported},
      {"api: {addr: x}", errc::invalid_value},
      {"timeout_shutdown: ${UNSET}", errc::unset_variable},
      {"providers: {include: none.yml}", errc::unreadable_file},
      {"autocert: {provider: internal}", errc::missing_field},
      {"autocert: {provider: nobody}", errc::unknown_provider},
      {"autocert: {provider: internal, domains: ['a b']}", errc::invalid_domain},
      {"autocert: {cert_path: a, key_path: a}", errc::duplicated_path},
      {"routes: {a: {port: 81}, A: {port: 82}}", errc::duplicate}};
  for (const auto& [text, code] : all) {
    const auto result = test::load_main(text);
    ASSERT_EQ(result.errors.size(), 1U) << text << format_issues(result.errors);
    EXPECT_EQ(result.errors[0].code, code) << text;
  }
}

TEST(load, unset_variables_do_not_hide_other_errors) {
  const auto result = test::load_main(
      "autocert: {provider: cloudflare, email: '${A}', domains: ['${B}'], extra: [{cert_path: '${C}', "
      "key_path: '${C}'}]}\n"
      "api: {addr: x}\n");
  EXPECT_EQ(result.errors.size(), 5U) << format_issues(result.errors);
}

class disk_files : public testing::Test {
 protected:
  disk_files() {
    std::string name = (std::filesystem::temp_directory_path() / "cardea_load_XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~disk_files() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(disk_files, are_read_whole) {
  std::ofstream(folder_ / "config.yml") << "timeout_shutdown: 9\n";
  const auto result = load((folder_ / "config.yml").string(), {});
  ASSERT_TRUE(result.loaded) << format_issues(result.errors);
  EXPECT_EQ(result.loaded->timeout_shutdown, std::chrono::seconds(9));
}

TEST_F(disk_files, are_refused_when_they_are_no_files_or_too_large) {
  EXPECT_EQ(disk()((folder_ / "none").string()).error().code, make_error_code(base::errc::not_found));
  EXPECT_EQ(disk()(folder_.string()).error().message(), "not a regular file");
  EXPECT_EQ(disk()("/dev/zero").error().message(), "not a regular file");
  std::ofstream(folder_ / "big.yml") << std::string(document_limits{}.text_bytes_max + 1, ' ');
  const auto result = load((folder_ / "big.yml").string(), {});
  ASSERT_EQ(result.errors.size(), 1U);
  EXPECT_EQ(result.errors[0].code, errc::limit_exceeded);
}

}  // namespace
}  // namespace cardea::config
