#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  const std::string missing = R"({"message":"Zone `x` not found"})";
  const std::string list =
      "/v2/1010/zones/example.com/records?name=_acme-challenge.www&type=TXT&per_page=100&page=";
  return {
      .provider = "dnsimple",
      .options = {{"access_token", "dnsimple-secret"}},
      .headers = {{"Authorization", "Bearer dnsimple-secret"}},
      .present =
          {{"GET", "/v2/whoami", "", 200, R"({"data":{"user":null,"account":{"id":1010}}})"},
           {"GET", "/v2/1010/zones/_acme-challenge.www.example.com", "", 404, missing},
           {"GET", "/v2/1010/zones/www.example.com", "", 404, missing},
           {"GET", "/v2/1010/zones/example.com", "", 200, R"({"data":{"id":3,"name":"example.com"}})"},
           {"GET", list + "1", "", 200, R"({"data":[],"pagination":{"current_page":1,"total_pages":1}})"},
           {"POST", "/v2/1010/zones/example.com/records",
            R"({"type":"TXT","name":"_acme-challenge.www","content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl":120})",
            201, R"({"data":{"id":64784}})"}},
      .clean_up =
          {{"GET", list + "1", "", 200,
            R"({"data":[{"id":5,"content":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"}],"pagination":{"current_page":1,"total_pages":2}})"},
           {"GET", list + "2", "", 200,
            R"({"data":[{"id":64784,"content":"\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""}],"pagination":{"current_page":2,"total_pages":2}})"},
           {"DELETE", "/v2/1010/zones/example.com/records/64784", "", 204, ""}},
  };
}

TEST(dnsimple, asks_for_its_account_once_and_removes_just_its_value) { check_vendor(script()); }

TEST(dnsimple, says_that_a_users_token_is_of_no_use) {
  vendor_play play(script());
  const auto outcome =
      play.present({{"GET", "/v2/whoami", "", 200, R"({"data":{"user":{"id":1},"account":null}})"}});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "dnsimple: login: access_token is a user's: make an account's token instead");
}

TEST(dnsimple, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.back().status = 400;
  expected.back().answer = R"({"message":"Validation failed","errors":{"ttl":["must be greater than 59"]}})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "dnsimple: the vendor answered 400: Validation failed; must be greater than 59");
}

}  // namespace
}  // namespace cardea::test_support
