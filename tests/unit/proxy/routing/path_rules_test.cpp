// Goal: of several rules for a path everybody can tell which one holds, and it is looked for in the form that goes on.
#include "proxy/routing/path_rules.hpp"

#include "tests/support/written_routes.hpp"

#include <gtest/gtest.h>

namespace cardea::proxy::routing {
namespace {

path_rules rules_of(const std::string& paths, const std::string& more = {}) {
  return path_rules(tests::written_configuration("  app: {port: 1, paths: [" + paths + "]" + more + "}\n").routes[0].paths);
}

std::string found(const path_rules& rules, const std::string& path, const std::string& method = "GET") {
  const path_match match = rules.find(method, path);
  if (match.rule == nullptr) return "-";
  std::string out = match.rule->written;
  for (const std::string_view each : match.parameters()) out += " " + std::string(each);
  return out;
}

std::string normal(const path_rules& rules, const std::string& path) {
  std::string out;
  const std::string_view why = rules.normalise(path, out);
  return why.empty() ? out : "400";
}

TEST(path_rules, the_most_specific_rule_holds_whatever_the_order) {
  const std::vector<std::string> all{"{prefix: /}", "{prefix: /api}", "{exact: /api/users}",
                                     "{pattern: '/api/{what}'}", "{pattern: '/api/{what}/{rest...}'}",
                                     "{pattern: '/api/users/{id}'}", "{prefix: /api/users/me/}"};
  std::vector<std::string> order = all;
  for (int turn = 0; turn < 2; ++turn) {
    std::string text;
    for (const std::string& each : order) text += each + ", ";
    const path_rules rules = rules_of(text);
    EXPECT_EQ(found(rules, "/"), "prefix /");
    EXPECT_EQ(found(rules, "/apiary"), "prefix /");
    EXPECT_EQ(found(rules, "/api"), "prefix /api");
    EXPECT_EQ(found(rules, "/api/"), "prefix /api");
    EXPECT_EQ(found(rules, "/api/users"), "exact /api/users");
    EXPECT_EQ(found(rules, "/api/things"), "pattern /api/{what} things");
    EXPECT_EQ(found(rules, "/api/things/"), "pattern /api/{what}/{rest...} things ");
    EXPECT_EQ(found(rules, "/api/things/a/b"), "pattern /api/{what}/{rest...} things a/b");
    EXPECT_EQ(found(rules, "/api/users/7"), "pattern /api/users/{id} 7");
    EXPECT_EQ(found(rules, "/api/users/7/x"), "pattern /api/{what}/{rest...} users 7/x");
    EXPECT_EQ(found(rules, "/api/users/me"), "pattern /api/users/{id} me");
    EXPECT_EQ(found(rules, "/api/users/me/x"), "prefix /api/users/me/");
    order.assign(all.rbegin(), all.rend());
  }
}

TEST(path_rules, a_method_decides_among_the_same_paths_and_leaves_the_rest_to_the_next_rule) {
  const path_rules rules = rules_of(
      "{prefix: /a}, {exact: /a/b, methods: [POST, PUT]}, {exact: /a/b, methods: GET}, {exact: /c}, {exact: /c, methods: GET}");
  EXPECT_EQ(rules.find("POST", "/a/b").number, 1U);
  EXPECT_EQ(rules.find("GET", "/a/b").number, 2U);
  EXPECT_EQ(rules.find("HEAD", "/a/b").number, 2U) << "what answers GET answers HEAD";
  EXPECT_EQ(rules.find("DELETE", "/a/b").number, 0U);
  EXPECT_EQ(rules.find("get", "/a/b").number, 0U) << "methods are compared with case";
  EXPECT_EQ(rules.find("GET", "/c").number, 4U);
  EXPECT_EQ(rules.find("POST", "/c").number, 3U);
}

TEST(path_rules, a_parameter_is_one_segment_that_is_not_empty) {
  const path_rules rules = rules_of("{pattern: '/a/{x}/b'}, {pattern: '/f/{name...}'}");
  EXPECT_EQ(found(rules, "/a/1/b"), "pattern /a/{x}/b 1");
  for (const char* path : {"/a//b", "/a/1/2/b", "/a/1", "/a/1/b/", "/a/b", "/f"}) EXPECT_EQ(found(rules, path), "-") << path;
  EXPECT_EQ(found(rules, "/f/"), "pattern /f/{name...} ");
  EXPECT_EQ(found(rules, "/f/x/y%20z"), "pattern /f/{name...} x/y%20z");
}

TEST(path_rules, a_way_that_ends_nowhere_is_left_for_the_next_one) {
  const path_rules rules = rules_of("{pattern: '/{a}/{b}/end'}, {pattern: '/x/{c}/other'}, {exact: /x/y/none}");
  EXPECT_EQ(found(rules, "/x/y/end"), "pattern /{a}/{b}/end x y");
  EXPECT_EQ(found(rules, "/x/z/other"), "pattern /x/{c}/other z");
  EXPECT_EQ(found(rules, "/x/y/none"), "exact /x/y/none");
}

TEST(path_rules, t07_the_form_that_is_looked_at_is_the_one_that_goes_on) {
  const path_rules rules = rules_of("{prefix: /admin, deny: true}");
  const struct {
    const char* sent;
    const char* form;
  } cases[] = {
      {"/a/../admin", "/admin"},   {"/a/%2e%2e/admin", "/admin"}, {"/%61dmin", "/admin"}, {"//admin", "/admin"},
      {"/a/./../admin/", "/admin/"}, {"/a/.", "/a/"},             {"/../../admin", "/admin"}, {"", "/"},
      {"/a/..;/admin", "400"},     {"/a/..%3b/admin", "400"},     {"/admin\\..", "400"},  {"/x%00", "400"},
      {"/admin%2f", "400"},        {"/admin%5cx", "400"},         {"/a%", "400"},         {"/a%2", "400"},
      {"/a%252e%252e/b", "/a%252e%252e/b"},  // decoded once: a name with percent signs, for the backend too
  };
  for (const auto& each : cases) EXPECT_EQ(normal(rules, each.sent), each.form) << each.sent;
}

TEST(path_rules, t07_a_route_says_which_characters_it_rejects) {
  const struct {
    const char* name;
    std::vector<const char*> paths;
  } cases[] = {{"slash", {"/a%2fb", "/a%2Fb"}},       {"backslash", {"/a%5cb"}},
               {"semicolon", {"/a%3bb", "/a;b"}},     {"percent", {"/a%25b"}},
               {"question_mark", {"/a%3fb"}},         {"hash", {"/a%23b"}}};
  for (const auto& each : cases) {
    const path_rules strict = rules_of("{exact: /x}", ", path_options: {reject: [" + std::string(each.name) + "]}");
    const path_rules none = rules_of("{exact: /x}", ", path_options: {reject: []}");
    for (const char* path : each.paths) {
      EXPECT_EQ(normal(strict, path), "400") << path;
      EXPECT_NE(normal(none, path), "400") << path;
    }
    EXPECT_EQ(normal(strict, "/a/b"), "/a/b");
  }
}

TEST(path_rules, slashes_are_kept_where_that_is_wanted) {
  const path_rules rules = rules_of("{prefix: /a//b}", ", path_options: {merge_slashes: false}");
  EXPECT_EQ(normal(rules, "/a//b"), "/a//b");
  EXPECT_EQ(found(rules, "/a//b/c"), "prefix /a//b");
  EXPECT_EQ(found(rules, "/a/b"), "-");
}

TEST(path_rules, a_thousand_rules_are_told_apart) {
  std::string text;
  for (int i = 0; i < 500; ++i)
    text += "{prefix: /p" + std::to_string(i) + "}, {pattern: '/q" + std::to_string(i) + "/{x}/y'}, ";
  const path_rules rules = rules_of(text);
  for (int i = 0; i < 500; ++i) {
    EXPECT_EQ(found(rules, "/p" + std::to_string(i) + "/z"), "prefix /p" + std::to_string(i));
    EXPECT_EQ(rules.find("GET", "/q" + std::to_string(i) + "/v/y").number, static_cast<std::size_t>(2 * i + 1));
  }
}

TEST(path_rules, as_deep_as_a_pattern_may_be) {
  std::string deep;
  for (std::size_t i = 0; i < config::path_rule::segments_max; ++i) deep += i < config::path_rule::parameters_max ? "/{p" + std::to_string(i) + "}" : "/s";
  const path_rules rules = rules_of("{pattern: '" + deep + "'}");
  std::string path;
  for (std::size_t i = 0; i < config::path_rule::segments_max; ++i) path += "/s";
  EXPECT_EQ(rules.find("GET", path).parameters().size(), config::path_rule::parameters_max);
  EXPECT_EQ(rules.find("GET", path + "/s").rule, nullptr);
}

}  // namespace
}  // namespace cardea::proxy::routing
