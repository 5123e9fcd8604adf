#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  return {
      .provider = "luadns",
      .options = {{"api_username", "me@example.com"}, {"api_token", "lua-token-secret"}},
      .headers = {{"Authorization", "Basic bWVAZXhhbXBsZS5jb206bHVhLXRva2VuLXNlY3JldA=="},
                  {"Accept", "application/json"}},
      .present =
          {{"GET", "/v1/zones", "", 200, R"([{"id":1,"name":"ample.com"},{"id":7,"name":"example.com"}])"},
           {"GET", "/v1/zones/7/records", "", 200, "[]"},
           {"POST", "/v1/zones/7/records",
            R"({"name":"_acme-challenge.www.example.com.","type":"TXT","content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl":300})",
            200, R"({"id":100})"}},
      .clean_up =
          {{"GET", "/v1/zones/7/records", "", 200,
            R"([{"id":99,"name":"_acme-challenge.www.example.com.","type":"TXT","content":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"},{"id":100,"name":"_acme-challenge.www.example.com.","type":"TXT","content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"},{"id":101,"name":"other.example.com.","type":"TXT","content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}])"},
           {"DELETE", "/v1/zones/7/records/100", "", 200, "{}"}},
  };
}

TEST(luadns, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(luadns, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(3);
  expected.back().status = 400;
  expected.back().answer = R"({"status":"Bad request","message":"TTL is too low"})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "luadns: the vendor answered 400: TTL is too low");
}

TEST(luadns, compares_zones_by_whole_labels) {
  vendor_play play(script());
  const auto outcome = play.present({{"GET", "/v1/zones", "", 200, R"([{"id":1,"name":"ample.com"}])"}});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "luadns: no zone of the account holds _acme-challenge.www.example.com");
}

}  // namespace
}  // namespace cardea::test_support
