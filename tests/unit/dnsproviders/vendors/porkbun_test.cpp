#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  return {
      .provider = "porkbun",
      .options = {{"api_key", "pk1_secret"}, {"secret_api_key", "sk1_secret"}},
      .headers = {},
      .present =
          {{"POST", "/dns/retrieveByNameType/example.com/TXT/_acme-challenge.www",
            R"({"apikey":"pk1_secret","secretapikey":"sk1_secret"})", 200,
            R"({"status":"SUCCESS","records":[]})"},
           {"POST", "/dns/create/example.com",
            R"({"name":"_acme-challenge.www","type":"TXT","content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl":"300","apikey":"pk1_secret","secretapikey":"sk1_secret"})",
            200, R"({"status":"SUCCESS","id":106926659})"}},
      .clean_up =
          {{"POST", "/dns/retrieveByNameType/example.com/TXT/_acme-challenge.www",
            R"({"apikey":"pk1_secret","secretapikey":"sk1_secret"})", 200,
            R"({"status":"SUCCESS","records":[{"id":"106926658","content":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"},{"id":"106926659","content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]})"},
           {"POST", "/dns/delete/example.com/106926659",
            R"({"apikey":"pk1_secret","secretapikey":"sk1_secret"})", 200, R"({"status":"SUCCESS"})"}},
  };
}

TEST(porkbun, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(porkbun, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(1);
  expected.back().status = 200;
  expected.back().answer = R"({"status":"ERROR","message":"Domain is not opted in to API access."})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "porkbun: the vendor answered 200: Domain is not opted in to API access.");
}

}  // namespace
}  // namespace cardea::test_support
