// Goal: rules for paths mean what they say, and a mistake is told where it is.
#include "config/sections/path_rule.hpp"

#include "config/sections/path_text.hpp"
#include "tests/unit/config/fixture.hpp"

#include <gtest/gtest.h>

namespace cardea::config {
namespace {

load_result load_routes(const std::string& text) {
  return test::load_main("entrypoint: {http_addr: '', https_addr: ''}\napi: {addr: ''}\nroutes:\n" + text);
}

std::string errors_of(const std::string& rule, const std::string& more = {}) {
  std::string out;
  for (const issue& each : load_routes("  app: {port: 1, paths: [" + rule + "]" + more + "}\n").errors)
    out += each.path + ": " + each.text + "\n";
  return out;
}

path_rule only_rule(const std::string& rule) {
  const auto result = load_routes("  app: {port: 1, paths: [" + rule + "]}\n");
  EXPECT_TRUE(result.loaded) << format_issues(result.errors);
  return result.loaded ? result.loaded->routes[0].paths.rules[0] : path_rule{};
}

TEST(paths, a_rule_has_one_kind_of_path_in_the_form_that_is_compared) {
  EXPECT_EQ(errors_of("{deny: true}"), "routes.app.paths[0]: expected one of exact, prefix and pattern\n");
  EXPECT_EQ(errors_of("{exact: /a, prefix: /b}"), "routes.app.paths[0]: expected one of exact, prefix and pattern\n");
  for (const char* path : {"a", "/a?b", "/a//b", "/a/../b", "/a/.", "/a\\\\b", "/a b", "/a%2", "/a%2f", "/%61", "/%00", "/a#b",
                           "/..;x", "/a%3B/..%3B"})
    EXPECT_NE(errors_of("{exact: \"" + std::string(path) + "\"}"), "") << path;
  EXPECT_EQ(errors_of("{exact: /%61}"),
            "routes.app.paths[0].exact: expected a path, found \"/%61\"; write %61 as 'a': that is how requests are compared\n");
  EXPECT_EQ(errors_of("{exact: /a%2Fb}"), "");
  EXPECT_EQ(errors_of("{exact: /a//b}", ", path_options: {merge_slashes: false}"), "");
}

TEST(paths, parameters_are_whole_segments_with_names_of_their_own) {
  for (const char* path : {"/v{n}", "/{}", "/{a b}", "/{a}/{a}", "/{rest...}/x", "/{...}", "/{a", "/a}"})
    EXPECT_NE(errors_of("{pattern: '" + std::string(path) + "'}"), "") << path;
  EXPECT_NE(errors_of("{prefix: '/{a}'}"), "") << "parameters belong into a pattern";
  const path_rule rule = only_rule("{pattern: '/a/{b}/{c...}'}");
  EXPECT_EQ(rule.parameters, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(rule.ending, path_ending::more);
}

TEST(paths, there_are_no_more_segments_parameters_and_rules_than_their_maximum) {
  const auto repeated = [](const std::string& text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text + std::to_string(i) + "}";
    return out;
  };
  std::string segments;
  for (std::size_t i = 0; i < path_rule::segments_max; ++i) segments += "/s";
  EXPECT_EQ(errors_of("{exact: " + segments + "}"), "");
  EXPECT_NE(errors_of("{exact: " + segments + "/s}"), "");
  EXPECT_EQ(errors_of("{pattern: '" + repeated("/{p", path_rule::parameters_max) + "'}"), "");
  EXPECT_NE(errors_of("{pattern: '" + repeated("/{p", path_rule::parameters_max + 1) + "'}"), "");
  std::string rules;
  for (std::size_t i = 0; i < path_section::rules_max; ++i) rules += "{exact: /r" + std::to_string(i) + "}, ";
  EXPECT_EQ(errors_of(rules), "");
  EXPECT_EQ(errors_of(rules + "{exact: /one/more}"), "routes.app.paths: more than 1000 rules\n");
}

TEST(paths, two_rules_for_the_same_paths_and_methods_are_a_mistake) {
  EXPECT_EQ(errors_of("{pattern: '/a/{x}'}, {pattern: '/a/{y}'}"),
            "routes.app.paths[1]: the same paths and methods as routes.app.paths[0]: pattern /a/{x}\n");
  EXPECT_NE(errors_of("{exact: /a, methods: [GET, PUT]}, {exact: /a, methods: [PUT]}"), "");
  EXPECT_EQ(errors_of("{exact: /a, methods: GET}, {exact: /a, methods: PUT}, {exact: /a}, {prefix: /a}"), "");
}

TEST(paths, a_rule_has_one_answer) {
  for (const char* rule :
       {"{exact: /a, deny: true, status: 404}", "{exact: /a, redirect: /b, deny: true}", "{exact: /a, deny: true, host: b}",
        "{exact: /a, redirect: /b, strip_prefix: true}", "{exact: /a, status: 404, rewrite: /b}",
        "{exact: /a, route: b, host: c}", "{prefix: /a, strip_prefix: true, rewrite: /b}"})
    EXPECT_NE(errors_of(rule), "") << rule;
  EXPECT_EQ(only_rule("{exact: /a, deny: true}").status, 403);
  EXPECT_EQ(only_rule("{exact: /a, status: 410}").status, 410);
  EXPECT_EQ(only_rule("{exact: /a, redirect: /b}").status, 307);
  EXPECT_EQ(only_rule("{exact: /a, redirect: {to: /b, status: 301}}").status, 301);
  for (const char* rule : {"{exact: /a, status: 302}", "{exact: /a, status: 101}", "{exact: /a, redirect: {to: /b, status: 305}}",
                           "{exact: /a, redirect: {status: 301}}", "{exact: /a, methods: [get]}", "{exact: /a, methods: []}",
                           "{exact: /a, methods: CONNECT}"})
    EXPECT_NE(errors_of(rule), "") << rule;
}

TEST(paths, a_prefix_that_is_stripped_is_the_begin_of_the_rules_own_path) {
  EXPECT_EQ(only_rule("{prefix: /api/v1, strip_prefix: true}").strip, "/api/v1");
  EXPECT_EQ(only_rule("{prefix: /api/v1/, strip_prefix: /api/}").strip, "/api");
  EXPECT_EQ(only_rule("{pattern: '/api/{v}/x', strip_prefix: true}").strip, "/api");
  for (const char* strip : {"/ap", "/other", "/api/v1/x", "/"})
    EXPECT_NE(errors_of("{prefix: /api/v1, strip_prefix: " + std::string(strip) + "}"), "") << strip;
  EXPECT_NE(errors_of("{pattern: '/{v}/x', strip_prefix: true}"), "");
}

TEST(paths, a_rules_own_backend_is_a_route_that_answers_for_no_host) {
  const auto result = load_routes(
      "  app: {port: 1, response_header_timeout: 5s, paths: [{prefix: /api, host: 10.0.0.7, port: 8443}]}\n");
  ASSERT_TRUE(result.loaded) << format_issues(result.errors);
  ASSERT_EQ(result.loaded->routes.size(), 2U);
  const route_section& own = result.loaded->routes[1];
  EXPECT_EQ(own.alias, result.loaded->routes[0].paths.rules[0].route);
  EXPECT_TRUE(own.internal);
  EXPECT_EQ(own.host, "10.0.0.7");
  EXPECT_EQ(own.port, 8443);
  EXPECT_EQ(own.scheme, route_scheme::https);
  EXPECT_EQ(own.response_header_timeout, std::chrono::seconds(5));
  EXPECT_TRUE(own.paths.rules.empty());
}

TEST(paths, a_rule_names_a_route_that_can_answer_for_it) {
  const auto error_of = [](const std::string& others) {
    const auto errors = load_routes("  app: {port: 1, paths: [{prefix: /x, route: other}]}\n" + others).errors;
    return errors.empty() ? std::string() : errors[0].path + ": " + errors[0].text;
  };
  EXPECT_EQ(error_of(""), "routes.app.paths[0].route: there is no route other");
  EXPECT_EQ(error_of("  other: {port: 2}\n"), "");
  EXPECT_EQ(error_of("  other: {port: 2, internal: true}\n"), "");
  EXPECT_EQ(error_of("  other: {port: '3:4'}\n"), "routes.app.paths[0].route: other is a route of scheme tcp or udp");
  EXPECT_NE(error_of("  other: {port: 2, paths: [{prefix: /x, deny: true}]}\n"), "");
  EXPECT_NE(error_of("  other: {redirect: /x}\n"), "");
}

TEST(paths, t18_of_two_routes_for_one_host_the_first_answers_and_the_log_says_so) {
  const auto result = load_routes("  b.example.com: {port: 1}\n  b: {port: 2}\nmatch_domains: [example.com]\n");
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_EQ(format_issue(result.warnings[0]),
            "config.yml:5:3: routes.b: does not answer for b.example.com: b.example.com at config.yml:4:3 does, which "
            "comes first");
}

TEST(paths, a_route_may_have_several_names_and_no_two_routes_the_same) {
  const auto result = load_routes("  \"App, www.example.com,*.lan\": {port: 1}\n");
  ASSERT_TRUE(result.loaded) << format_issues(result.errors);
  EXPECT_EQ(names_of(result.loaded->routes[0]), (std::vector<std::string>{"app", "www.example.com", "*.lan"}));
  EXPECT_FALSE(load_routes("  \"a,b\": {port: 1}\n  b: {port: 2}\n").loaded);
  EXPECT_FALSE(load_routes("  \"a,a\": {port: 1}\n").loaded);
  EXPECT_FALSE(load_routes("  \"a,\": {port: 1}\n").loaded);
  EXPECT_FALSE(load_routes("  \"a,b\": {port: '1:2'}\n").loaded) << "a stream has one name";
}

TEST(paths, streams_have_none) {
  for (const char* more : {"paths: [{exact: /a}]", "redirect: /a", "path_options: {normalise: true}", "internal: true",
                           "middlewares: {hide_x_forwarded: }"})
    EXPECT_FALSE(load_routes("  a: {port: '1:2', " + std::string(more) + "}\n").loaded) << more;
}

TEST(paths, members_of_a_group_have_the_same_paths_and_middlewares) {
  const auto load = [](const std::string& second) {
    return load_routes("  a: {port: 1, load_balance: {link: g}, middlewares: {cidr_whitelist: {allow: 10.0.0.0/8}}}\n"
                       "  b: {port: 2, load_balance: {link: g}" + second + "}\n");
  };
  EXPECT_TRUE(load(", middlewares: {cidr_whitelist: {allow: 10.0.0.0/8}}").loaded);
  EXPECT_FALSE(load("").loaded);
  EXPECT_FALSE(load(", middlewares: {cidr_whitelist: {allow: 0.0.0.0/0}}").loaded);
  EXPECT_FALSE(load(", middlewares: {cidr_whitelist: {allow: 10.0.0.0/8}}, paths: [{exact: /a}]").loaded);
}

}  // namespace
}  // namespace cardea::config
