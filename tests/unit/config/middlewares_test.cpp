// Goal: GoDoxy's middlewares are read as GoDoxy reads them, and none is ignored in silence.
#include "config/sections/middleware.hpp"

#include "tests/unit/config/fixture.hpp"

#include <gtest/gtest.h>

namespace cardea::config {
namespace {

load_result load_route(const std::string& middlewares) {
  return test::load_main("entrypoint: {http_addr: '', https_addr: ''}\napi: {addr: ''}\nroutes:\n  app:\n    port: 1\n"
                         "    middlewares: " + middlewares + "\n");
}

std::vector<std::string> order_of(const std::string& middlewares) {
  const auto result = load_route(middlewares);
  EXPECT_TRUE(result.loaded) << format_issues(result.errors);
  std::vector<std::string> out;
  if (result.loaded)
    for (const middleware_section& each : result.loaded->routes[0].middlewares) out.push_back(each.name);
  return out;
}

std::string error_of(const std::string& middlewares) {
  const auto result = load_route(middlewares);
  return result.errors.empty() ? std::string() : result.errors[0].path + ": " + result.errors[0].text;
}

TEST(middlewares, who_the_client_is_comes_before_whether_it_may_and_that_before_edits) {
  EXPECT_EQ(order_of("{response: {hide_headers: Server}, modify_request: {add_prefix: /a}, rateLimit: {average: 1, burst: 1}, "
                     "CIDR_whitelist: {allow: 10.0.0.1}, realip: {from: 127.0.0.1}}"),
            (std::vector<std::string>{"real_ip", "cidr_whitelist", "rate_limit", "modify_request", "response"}));
  EXPECT_EQ(order_of("{response: {priority: -1}, cidr_whitelist: {allow: 10.0.0.1, priority: 2}, real_ip: {from: 127.0.0.1, "
                     "priority: 5}}"),
            (std::vector<std::string>{"response", "cidr_whitelist", "real_ip"}));
}

TEST(middlewares, those_that_cardea_does_not_have_are_refused_and_misspelt_ones_named) {
  for (const char* name : {"oidc", "forward_auth", "forwardAuth", "crowdsec", "hcaptcha", "modify_html", "themed",
                           "cloudflare_real_ip", "mine@file"})
    EXPECT_NE(error_of("{" + std::string(name) + ": {}}").find("known from GoDoxy but not supported"), std::string::npos) << name;
  EXPECT_EQ(error_of("{cidr_whitelst: {}}"),
            "routes.app.middlewares.cidr_whitelst: unknown middleware; did you mean \"cidr_whitelist\"?");
  EXPECT_NE(error_of("{cidr_whitelist: {allow: 10.0.0.1, bypass: [path /a]}}"), "");
}

TEST(middlewares, what_frames_a_message_is_nobodys_to_set) {
  for (const char* which : {"modify_request", "modify_response"})
    for (const char* name : {"Connection", "Content-Length", "Transfer-Encoding", "Keep-Alive", "TE", "Trailer", "Upgrade",
                             "Expect", "HTTP2-Settings", "Proxy-Connection", "\"a b\"", "\"\""}) {
      EXPECT_NE(error_of("{" + std::string(which) + ": {set_headers: {" + name + ": x}}}"), "") << name;
      EXPECT_NE(error_of("{" + std::string(which) + ": {add_headers: {" + name + ": x}}}"), "") << name;
      EXPECT_NE(error_of("{" + std::string(which) + ": {hide_headers: [" + name + "]}}"), "") << name;
    }
  EXPECT_EQ(error_of("{modify_request: {set_headers: {Host: x}}}"), "");
  EXPECT_NE(error_of("{modify_request: {add_headers: {Host: x}}}"), "");
  EXPECT_NE(error_of("{modify_request: {hide_headers: [Host]}}"), "");
  EXPECT_NE(error_of("{modify_request: {set_headers: {X-A: \"a\\r\\nX-B: b\"}}}"), "") << "one line";
}

TEST(middlewares, what_is_missing_or_out_of_range_is_told) {
  EXPECT_EQ(error_of("{cidr_whitelist: {}}"),
            "routes.app.middlewares.cidr_whitelist.allow: missing field allow: the addresses that are let in");
  EXPECT_NE(error_of("{cidr_whitelist: {allow: [10.0.0.0/33]}}"), "");
  EXPECT_NE(error_of("{cidr_whitelist: {allow: 10.0.0.1, status: 200}}"), "");
  EXPECT_NE(error_of("{real_ip: {}}"), "");
  EXPECT_NE(error_of("{rate_limit: {average: 1}}"), "");
  EXPECT_NE(error_of("{rate_limit: {average: 0, burst: 1}}"), "");
  EXPECT_NE(error_of("{rate_limit: {average: 1, burst: 1, period: 10ms}}"), "");
  EXPECT_NE(error_of("{rate_limit: {average: 1, burst: 1, periods: 1s}}"), "");
  EXPECT_NE(error_of("{rate_limit: {average: 1, burst: 1, clients_max: 1}}"), "");
  EXPECT_NE(error_of("{modify_request: {add_prefix: a}}"), "");
  EXPECT_NE(error_of("{modify_response: {add_prefix: /a}}"), "");
}

TEST(middlewares, a_variable_that_is_none_is_named_in_a_warning) {
  const auto result = load_route("{modify_request: {set_headers: {X-A: $remote_adr}}}");
  ASSERT_TRUE(result.loaded);
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_EQ(result.warnings[0].text, "$remote_adr is no variable here and stays as it is");
}

TEST(middlewares, what_cardea_does_anyway_is_accepted_with_a_note) {
  const auto result = load_route("{redirect_http: , set_x_forwarded: {}}");
  ASSERT_TRUE(result.loaded) << format_issues(result.errors);
  EXPECT_TRUE(result.loaded->routes[0].middlewares.empty());
  EXPECT_EQ(result.notes.size(), 2U);
}

TEST(middlewares, the_entrypoints_are_a_list_in_its_order) {
  const auto load = [](const std::string& list) {
    return test::load_main("entrypoint:\n  middlewares: " + list + "\n");
  };
  const auto result = load("[{use: response, set_headers: {X-A: b}}, {use: real_ip, from: [10.0.0.0/8], recursive: true}]");
  ASSERT_TRUE(result.loaded) << format_issues(result.errors);
  ASSERT_EQ(result.loaded->entrypoint.middlewares.size(), 2U);
  EXPECT_EQ(result.loaded->entrypoint.middlewares[0].name, "response");
  EXPECT_EQ(result.loaded->entrypoint.middlewares[1].name, "real_ip");
  EXPECT_EQ(load("[{set_headers: {}}]").errors[0].text, "missing field use: the name of the middleware");
  EXPECT_FALSE(load("[{use: oidc}]").loaded);
  EXPECT_TRUE(load("[]").loaded);
}

}  // namespace
}  // namespace cardea::config
