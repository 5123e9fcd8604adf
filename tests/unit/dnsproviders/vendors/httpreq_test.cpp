#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* body =
    R"({"fqdn":"_acme-challenge.www.example.com.","value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"})";
constexpr const char* raw_body =
    R"({"domain":"www.example.com","token":"token-of-the-ca","keyAuth":"token-of-the-ca.thumbprint"})";

vendor_script script() {
  return {.provider = "httpreq",
          .options = {{"username", "admin"}, {"password", "httpreq-secret"}},
          // printf admin:httpreq-secret | base64
          .headers = {{"Authorization", "Basic YWRtaW46aHR0cHJlcS1zZWNyZXQ="},
                      {"Accept", "application/json"},
                      {"Content-Type", "application/json"}},
          .present = {{"POST", "/present", body, 200, "done"}},
          .clean_up = {{"POST", "/cleanup", body, 204, ""}}};
}

TEST(httpreq, tells_its_service_name_and_value) { check_vendor(script()); }

TEST(httpreq, tells_domain_token_and_key_authorization_in_raw_mode) {
  vendor_script raw = script();
  raw.options["mode"] = "RAW";
  raw.present = {{"POST", "/present", raw_body, 201, ""}};
  raw.clean_up = {{"POST", "/cleanup", raw_body, 200, ""}};
  check_vendor(raw);
}

TEST(httpreq, sends_credentials_only_when_it_has_both) {
  const std::map<std::string, std::string> rows[] = {{}, {{"username", "admin"}}, {{"password", "secret"}}};
  for (const auto& options : rows) {
    vendor_script none = script();
    none.options = options;
    none.headers = {{"Authorization", "(none)"}};
    vendor_play play(none);
    EXPECT_TRUE(play.present(none.present));
  }
}

TEST(httpreq, knows_no_mode_but_its_own_two) {
  const std::map<std::string, std::string> endpoint{{"endpoint", "http://dns.lan"}};
  for (const char* mode : {"RAW", "default", ""}) {
    auto options = endpoint;
    options["mode"] = mode;
    EXPECT_EQ(refusal_of_options("httpreq", options), "") << mode;
  }
  auto options = endpoint;
  options["mode"] = "raw";
  EXPECT_EQ(refusal_of_options("httpreq", options), "httpreq: option 'mode' is RAW (in capitals) or default");
}

TEST(httpreq, keeps_path_and_query_of_its_endpoint) {
  const struct {
    const char* endpoint;
    const char* url;
  } rows[] = {{"http://dns.lan", "http://dns.lan/present"},
              {"http://dns.lan/", "http://dns.lan/present"},
              {"https://dns.lan:8443/api/v1//", "https://dns.lan:8443/api/v1/present"},
              {"https://dns.lan/api?team=a", "https://dns.lan/api/present?team=a"}};
  for (const auto& row : rows) {
    vendor_script elsewhere = script();
    elsewhere.options["endpoint"] = row.endpoint;
    elsewhere.options["api_url"] = "";
    vendor_play play(elsewhere);
    EXPECT_TRUE(play.present({{"POST", row.url, body, 200, ""}}));
  }
}

TEST(httpreq, tells_each_of_two_values_and_the_same_one_twice) {
  vendor_play play(script());
  std::string second = body;
  second.replace(second.find(first_value), first_value.size(), second_value);
  EXPECT_TRUE(play.present(script().present));
  EXPECT_TRUE(play.present(script().present));
  EXPECT_TRUE(play.present({{"POST", "/present", second, 200, ""}}, make_record(second_value)));
  EXPECT_TRUE(play.clean_up({{"POST", "/cleanup", second, 200, ""}}, make_record(second_value)));
}

TEST(httpreq, makes_one_short_sentence_of_the_services_words) {
  vendor_play play(script());
  exchange refused = script().present.front();
  refused.status = 422;
  refused.answer = "zone is locked\n(user admin, Basic YWRtaW46aHR0cHJlcS1zZWNyZXQ=, httpreq-secret)";
  const auto outcome = play.present({refused});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "httpreq: the vendor answered 422: zone is locked (user admin, Basic ***, ***)");
  refused.answer = std::string(10'000, 'x');
  EXPECT_LT(play.present({refused}).error().message().size(), 400U);
  refused.status = 301;
  refused.answer = "";
  EXPECT_EQ(play.present({refused}).error().message(), "httpreq: the vendor answered 301");
}

TEST(httpreq, does_not_repeat_a_write_whose_outcome_is_unknown) {
  vendor_play play(script());
  const auto outcome = play.present_unanswered({base::errc::timed_out, "dns.lan:80: read: timed out"});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "httpreq: dns.lan:80: read: timed out");
  EXPECT_EQ(outcome.error().code, base::errc::timed_out);
  EXPECT_EQ(play.requests().size(), 1U);
}

}  // namespace
}  // namespace cardea::test_support
