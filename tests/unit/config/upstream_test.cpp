/// Goal: several backends for a route, in GoDoxy's words and in ours, with every mistake named.
#include "config/sections/route.hpp"

#include "tests/unit/config/fixture.hpp"

#include <gtest/gtest.h>

namespace cardea::config {
namespace {

using namespace std::chrono_literals;

load_result load_routes(const std::string& text, const std::string& more = "") {
  test::world here;
  here.files["config.yml"] =
      "entrypoint: {http_addr: '', https_addr: ''}\napi: {addr: ''}\nproviders: {include: routes.yml}\n" + more;
  here.files["routes.yml"] = text;
  return here.load();
}

route_section route_named(const std::string& name, const std::string& text, const std::string& more = "") {
  const auto result = load_routes(text, more);
  EXPECT_TRUE(result.loaded) << text << format_issues(result.errors);
  if (!result.loaded) return {};
  for (const route_section& each : result.loaded->routes)
    if (each.alias == name) return each;
  ADD_FAILURE() << "no route " << name << ": " << text;
  return {};
}

backend_entry entry(const std::string& host, std::uint16_t port, std::size_t weight = 1, std::size_t connections = 0) {
  backend_entry out;
  out.host = host;
  out.port = port;
  out.weight = weight;
  out.max_conns_per_host = connections;
  return out;
}

std::string mistakes(const std::string& text) { return format_issues(load_routes(text).errors); }

TEST(upstream, modes_have_all_spellings) {
  const std::pair<const char*, balance_mode> all[] = {
      {"roundrobin", balance_mode::round_robin},   {"round_robin", balance_mode::round_robin},
      {"round-robin", balance_mode::round_robin},  {"RoundRobin", balance_mode::round_robin},
      {"leastconn", balance_mode::least_conn},     {"least_conn", balance_mode::least_conn},
      {"least-conn", balance_mode::least_conn},    {"iphash", balance_mode::ip_hash},
      {"ip_hash", balance_mode::ip_hash},          {"ip-hash", balance_mode::ip_hash},
      {"power_of_two", balance_mode::power_of_two}, {"p2c", balance_mode::power_of_two},
  };
  for (const auto& [text, mode] : all)
    EXPECT_EQ(route_named("a", "a: {load_balance: {mode: " + std::string(text) + "}}").load_balance.mode, mode)
        << text;
}

TEST(upstream, members_of_a_link_make_a_group_and_keep_their_names) {
  const std::string text =
      "one: {host: 10.0.0.1, port: 81, load_balance: {link: App, weight: 3, sticky: true}}\n"
      "two: {host: 10.0.0.2, port: 82, load_balance: {link: app, mode: least_conn}}\n";
  const auto group = route_named("app", text);
  ASSERT_EQ(group.backends.size(), 2U);
  EXPECT_EQ(group.backends[0], entry("10.0.0.1", 81, 3));
  EXPECT_EQ(group.backends[1], entry("10.0.0.2", 82));
  EXPECT_EQ(group.load_balance.mode, balance_mode::least_conn) << "a later member fills in the mode";
  EXPECT_TRUE(group.load_balance.sticky);
  EXPECT_EQ(group.load_balance.sticky_max_age, 1h);
  EXPECT_TRUE(group.checks.enabled) << "a group is checked without being told";
  EXPECT_FALSE(route_named("one", text).checks.enabled);
  EXPECT_EQ(backends_of(route_named("two", text)).size(), 1U);
}

TEST(upstream, the_first_mode_of_a_group_counts) {
  const std::string text =
      "one: {port: 81, load_balance: {link: app, mode: ip_hash}}\n"
      "two: {port: 82, load_balance: {link: app, mode: least_conn}}\n";
  EXPECT_EQ(route_named("app", text).load_balance.mode, balance_mode::ip_hash);
}

TEST(upstream, a_backend_that_is_a_member_twice_counts_once_and_that_is_said) {
  const auto result = load_routes(
      "one: {port: 81, load_balance: {link: app}}\ntwo: {port: 81, load_balance: {link: app}}\n");
  ASSERT_TRUE(result.loaded);
  EXPECT_EQ(format_issues(result.warnings),
            "routes.yml:2:1: two.load_balance.link: localhost:81 is in the group app already and counts once\n");
}

TEST(upstream, backends_are_written_as_text_or_as_mappings) {
  const auto route = route_named("a",
                                 "a:\n"
                                 "  max_conns_per_host: 7\n"
                                 "  backends:\n"
                                 "    - 10.0.0.1:8080\n"
                                 "    - https://web.lan\n"
                                 "    - http://[2001:db8::1]:81/\n"
                                 "    - {host: web2.lan, port: 8443, weight: 5, no_tls_verify: true}\n"
                                 "    - {url: 'https://web3.lan:444', max_conns_per_host: 0}\n");
  ASSERT_EQ(route.backends.size(), 5U);
  EXPECT_EQ(route.backends[0], entry("10.0.0.1", 8080, 1, 7));
  backend_entry secure = entry("web.lan", 443, 1, 7);
  secure.tls = true;
  EXPECT_EQ(route.backends[1], secure);
  EXPECT_EQ(route.backends[2], entry("2001:db8::1", 81, 1, 7));
  secure = entry("web2.lan", 8443, 5, 7);
  secure.tls = true;
  secure.tls_options.no_verify = true;
  EXPECT_EQ(route.backends[3], secure);
  secure = entry("web3.lan", 444);
  secure.tls = true;
  EXPECT_EQ(route.backends[4], secure);
  EXPECT_TRUE(route.checks.enabled);
  EXPECT_EQ(route_named("b", "b: {backends: 'x:1, y:2'}").backends.size(), 2U) << "a list may be one text";
}

TEST(upstream, h2c_is_a_scheme_of_routes_and_of_backends) {
  const auto route = route_named("a", "a: {scheme: h2c, port: 50051}");
  ASSERT_EQ(backends_of(route).size(), 1U);
  EXPECT_TRUE(backends_of(route)[0].http2);
  EXPECT_FALSE(backends_of(route)[0].tls);
  EXPECT_EQ(backends_of(route)[0].port, 50051);
  EXPECT_EQ(backends_of(route_named("a", "a: {scheme: h2c, host: b}"))[0].port, 80);
  const auto several = route_named("a", "a: {backends: ['h2c://b:81', {host: c, scheme: h2c, port: 8443}, 'd:82']}");
  ASSERT_EQ(several.backends.size(), 3U);
  EXPECT_TRUE(several.backends[0].http2);
  EXPECT_TRUE(several.backends[1].http2);
  EXPECT_FALSE(several.backends[1].tls) << "a port says nothing where a scheme is written";
  EXPECT_FALSE(several.backends[2].http2);
}

TEST(upstream, backends_have_tls_of_their_own_where_they_say_so) {
  const auto route = route_named("a",
                                 "a:\n"
                                 "  ssl_server_name: app.internal\n"
                                 "  ssl_protocols: [TLSv1.3]\n"
                                 "  backends:\n"
                                 "    - https://one\n"
                                 "    - {url: 'https://two', ssl_server_name: two.internal, no_tls_verify: true}\n"
                                 "    - {url: 'https://three', ssl_server_name: on, ssl_protocols: TLSv1.2}\n");
  ASSERT_EQ(route.backends.size(), 3U);
  EXPECT_EQ(route.backends[0].tls_options.server_name, "app.internal");
  EXPECT_FALSE(route.backends[0].tls_options.tls12);
  EXPECT_EQ(route.backends[1].tls_options.server_name, "two.internal");
  EXPECT_TRUE(route.backends[1].tls_options.no_verify);
  EXPECT_FALSE(route.backends[1].tls_options.tls12);
  EXPECT_EQ(route.backends[2].tls_options.server_name, "");
  EXPECT_FALSE(route.backends[2].tls_options.no_verify);
  EXPECT_TRUE(route.backends[2].tls_options.tls12);
  EXPECT_FALSE(route.backends[2].tls_options.tls13);
}

TEST(upstream, members_of_a_group_keep_their_own_tls) {
  const auto group = route_named("app",
                                 "one: {scheme: https, host: b1, load_balance: {link: app}}\n"
                                 "two: {scheme: https, host: b2, no_tls_verify: true, load_balance: {link: app}}\n");
  ASSERT_EQ(group.backends.size(), 2U);
  EXPECT_FALSE(group.backends[0].tls_options.no_verify);
  EXPECT_TRUE(group.backends[1].tls_options.no_verify);
}

TEST(upstream, hashing_says_what_is_hashed) {
  auto route = route_named("a", "a: {load_balance: {mode: hash, hash_on: 'header:X-User'}}");
  EXPECT_EQ(route.load_balance.hash_on, hash_source::header);
  EXPECT_EQ(route.load_balance.hash_name, "X-User");
  route = route_named("a", "a: {load_balance: {hash_on: 'Cookie:session'}}");
  EXPECT_EQ(route.load_balance.mode, balance_mode::hash);
  EXPECT_EQ(route.load_balance.hash_on, hash_source::cookie);
  EXPECT_EQ(route_named("a", "a: {load_balance: {hash_on: path}}").load_balance.hash_on, hash_source::path);
}

TEST(upstream, ip_hash_takes_the_options_of_godoxys_real_ip) {
  for (const char* key : {"options", "config"}) {
    const auto source = route_named("a", "a: {load_balance: {mode: iphash, " + std::string(key) +
                                             ": {header: X-Forwarded-For, from: '10.0.0.0/8, ::1', recursive: true}}}")
                            .load_balance.real_ip;
    EXPECT_EQ(source.header, "X-Forwarded-For");
    ASSERT_EQ(source.from.size(), 2U);
    EXPECT_EQ(source.from[0].to_string(), "10.0.0.0/8");
    EXPECT_TRUE(source.recursive);
  }
}

TEST(upstream, members_of_a_group_ask_for_the_same_client_certificates) {
  const auto result = load_routes(
      "one: {port: 81, load_balance: {link: app}}\n"
      "two: {port: 82, inbound_mtls_profile: staff, load_balance: {link: app}}\n",
      "inbound_mtls_profiles: {staff: {use_system_cas: true}}\n");
  EXPECT_EQ(format_issues(result.errors),
            "routes.yml:2:1: two.load_balance.link: all members of app must have the same inbound_mtls_profile\n");
}

TEST(upstream, failing_over_and_limits_are_read) {
  const auto route = route_named(
      "a",
      "a: {load_balance: {retries: 4, retry_budget: 50%, max_fails: 1, fail_timeout: 3s, fail_timeout_max: 9s, "
      "slow_start: 0s, panic_threshold: 40}, max_conns_per_host: 8, max_pending: 9, pending_timeout: 3s, "
      "connect_timeout: 1s, body_progress_timeout: 2s, total_timeout: 4s, tunnel_idle_timeout: 48h}");
  load_balance_section expected;
  expected.retries = 4;
  expected.retry_budget = 50;
  expected.max_fails = 1;
  expected.fail_timeout = 3s;
  expected.fail_timeout_max = 9s;
  expected.slow_start = 0s;
  expected.panic_threshold = 40;
  EXPECT_EQ(route.load_balance, expected);
  EXPECT_EQ(backends_of(route)[0].max_conns_per_host, 8U);
  EXPECT_EQ(route.max_pending, 9U);
  EXPECT_EQ(route.pending_timeout, 3s);
  EXPECT_EQ(route.connect_timeout, 1s);
  EXPECT_EQ(route.body_progress_timeout, 2s);
  EXPECT_EQ(route.total_timeout, 4s);
  EXPECT_EQ(route.tunnel_idle_timeout, 48h);
}

TEST(upstream, healthchecks_take_what_they_do_not_say_from_the_defaults) {
  const std::string defaults = "defaults: {healthcheck: {interval: 10s, retries: 2, path: /up}}\n";
  auto plan = route_named("a", "a: {healthcheck: {interval: 3s, use_get: true}}", defaults).checks;
  EXPECT_TRUE(plan.enabled);
  EXPECT_EQ(plan.interval, 3s);
  EXPECT_EQ(plan.timeout, 5s);
  EXPECT_EQ(plan.failures_max, 2U);
  EXPECT_EQ(plan.path, "/up");
  EXPECT_TRUE(plan.use_get);
  EXPECT_FALSE(route_named("a", "a: {healthcheck: {disable: true}}", defaults).checks.enabled);
  EXPECT_FALSE(route_named("a", "a: {healthcheck: {disabled: true}}", defaults).checks.enabled);
  plan = route_named("a", "a: {healthcheck: {type: tcp, interval: 2s}}").checks;
  EXPECT_EQ(plan.type, check_kind::tcp);
  EXPECT_EQ(plan.failures_max, 7U) << "about 15 s, as in GoDoxy";
  EXPECT_EQ(route_named("a", "a: {healthcheck: {retries: -1}}").checks.failures_max, 1U);
  EXPECT_FALSE(route_named("a", "a: {port: 81}").checks.enabled) << "one backend is checked when that is asked for";
}

TEST(upstream, mistakes_are_named_with_their_place) {
  const std::pair<const char*, const char*> all[] = {
      {"a: {load_balance: {mode: fastest}}",
       "routes.yml:1:26: a.load_balance.mode: expected round_robin, least_conn, ip_hash, power_of_two or hash, found "
       "\"fastest\"\n"},
      {"a: {load_balance: {mode: hash}}",
       "routes.yml:1:5: a.load_balance.hash_on: missing field hash_on: what is hashed, as in header:X-User, "
       "cookie:session, path or client\n"},
      {"a: {load_balance: {hash_on: 'header:a b'}}",
       "routes.yml:1:29: a.load_balance.hash_on: expected header:NAME, cookie:NAME, path or client, found "
       "\"header:a b\"\n"},
      {"a: {load_balance: {mode: ip_hash, hash_on: path}}",
       "routes.yml:1:44: a.load_balance.hash_on: has a meaning with mode hash only\n"},
      {"a: {load_balance: {link: 'b c'}}",
       "routes.yml:1:26: a.load_balance.link: expected the name of the group: a label or a host name, found \"b "
       "c\"\n"},
      {"a: {load_balance: {link: a}}",
       "routes.yml:1:1: a.load_balance.link: a is the name of a route already, at routes.yml:1:1; the group needs a "
       "name of its own\n"},
      {"a: {scheme: fileserver, root: /srv, load_balance: {link: b}}",
       "routes.yml:1:1: a.load_balance.link: a fileserver cannot be a member of a group\n"},
      {"a: {load_balance: {retry_budget: 101}}",
       "routes.yml:1:34: a.load_balance.retry_budget: expected a percentage from 0 to 100, found \"101\"\n"},
      {"a: {load_balance: {options: {header: X-Real-IP}}}",
       "routes.yml:1:20: a.load_balance.options.from: missing field from: the addresses of the proxies whose header "
       "is believed\n"},
      {"a: {load_balance: {mode: ip_hash, config: {from: [10.0.0.0/8, ten]}}}",
       "routes.yml:1:63: a.load_balance.config.from[1]: expected an IP address or a network like 10.0.0.0/8, found "
       "\"ten\"\n"},
      {"a: {load_balance: {mode: p2c, options: {from: 10.0.0.1}}}",
       "routes.yml:1:31: a.load_balance.options: has a meaning with mode ip_hash only\n"},
      {"a: {host: b, backends: [c]}", "routes.yml:1:14: a.backends: the route has a host or port too; write one of "
                                      "both\n"},
      {"a: {backends: [b/path]}",
       "routes.yml:1:16: a.backends[0]: expected host:port, http(s)://host:port or h2c://host:port, without a path, found "
       "\"b/path\"\n"},
      {"a: {backends: [b, b:80]}", "routes.yml:1:19: a.backends[1]: b:80 is in the list already\n"},
      {"a: {backends: [{port: 1}]}",
       "routes.yml:1:16: a.backends[0].host: missing field host: a backend is a host and a port, or a url\n"},
      {"a: {backends: [{host: 'http://b'}]}",
       "routes.yml:1:23: a.backends[0].host: expected a host name or an IP address, found \"http://b\"; write it as "
       "\"url\"\n"},
      {"a: {backends: [{host: b, wieght: 2}]}",
       "routes.yml:1:26: a.backends[0].wieght: unknown key; did you mean \"weight\"?\n"},
      {"a: {healthcheck: {path: up}}",
       "routes.yml:1:25: a.healthcheck.path: expected a path that begins with /, found \"up\"\n"},
      {"a: {healthcheck: {interval: 500ms}}",
       "routes.yml:1:29: a.healthcheck.interval: expected a duration from 1s to 24h, found \"500ms\"\n"},
      {"a: {healthcheck: {type: icmp}}", "routes.yml:1:25: a.healthcheck.type: expected http or tcp, found "
                                         "\"icmp\"\n"},
  };
  for (const auto& [text, printed] : all) EXPECT_EQ(mistakes(text), printed) << text;
}

TEST(upstream, has_at_most_so_many_backends) {
  std::string list;
  for (int i = 0; i < 256; ++i) list += (i == 0 ? "" : ", ") + ("b" + std::to_string(i));
  EXPECT_EQ(mistakes("a: {backends: [" + list + "]}"), "");
  EXPECT_EQ(mistakes("a: {backends: [" + list + ", one.more]}"), "routes.yml:1:5: a.backends: more than 256 backends\n");
}

TEST(upstream, of_our_own_address_is_a_loop_in_a_list_too) {
  const auto result = test::load_main("routes: {a: {backends: ['10.0.0.1:443', '127.0.0.1:443']}}\n");
  EXPECT_EQ(format_issues(result.errors), "config.yml:1:10: routes.a: 127.0.0.1:443 is Cardea's own address\n");
}

TEST(upstream, secrets_of_sticky_cookies_are_never_shown) {
  EXPECT_EQ(mistakes("a: {load_balance: {sticky_secret: short}}"),
            "routes.yml:1:35: a.load_balance.sticky_secret: expected at least 16 bytes\n");
}

}  // namespace
}  // namespace cardea::config
