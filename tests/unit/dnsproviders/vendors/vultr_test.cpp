#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  return {
      .provider = "vultr",
      .options = {{"api_key", "vultr-key-secret"}},
      .headers = {{"Authorization", "Bearer vultr-key-secret"}},
      .present =
          {{"GET", "/v2/domains?per_page=500", "", 200,
            R"({"domains":[{"domain":"ample.com"}],"meta":{"links":{"next":"bmV4dA==","prev":""}}})"},
           {"GET", "/v2/domains?per_page=500&cursor=bmV4dA%3D%3D", "", 200,
            R"({"domains":[{"domain":"example.com"}],"meta":{"links":{"next":"","prev":""}}})"},
           {"GET", "/v2/domains/example.com/records?per_page=500", "", 200,
            R"({"records":[],"meta":{"links":{"next":"","prev":""}}})"},
           {"POST", "/v2/domains/example.com/records",
            R"({"name":"_acme-challenge.www","type":"TXT","data":"\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\"","ttl":120,"priority":0})",
            201, R"({"record":{"id":"cb67"}})"}},
      .clean_up =
          {{"GET", "/v2/domains/example.com/records?per_page=500", "", 200,
            R"({"records":[{"id":"aa00","type":"TXT","name":"_acme-challenge.www","data":"\"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE\""},{"id":"cb67","type":"TXT","name":"_acme-challenge.www","data":"\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""}]})"},
           {"DELETE", "/v2/domains/example.com/records/cb67", "", 204, ""}},
  };
}

TEST(vultr, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(vultr, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(4);
  expected.back().status = 400;
  expected.back().answer = R"({"error":"Invalid TTL","status":400})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "vultr: the vendor answered 400: Invalid TTL");
}

}  // namespace
}  // namespace cardea::test_support
