#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  return {
      .provider = "simply",
      .options = {{"account_name", "S123456"}, {"api_key", "simply-key-secret"}},
      .headers = {{"Authorization", "Basic UzEyMzQ1NjpzaW1wbHkta2V5LXNlY3JldA=="}},
      .present =
          {{"GET", "/my/products/example.com/dns/records/", "", 200, R"({"records":[]})"},
           {"POST", "/my/products/example.com/dns/records/",
            R"({"name":"_acme-challenge.www","type":"TXT","data":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl":120})",
            200, R"({"status":200,"message":"success","record":{"id":8}})"}},
      .clean_up =
          {{"GET", "/my/products/example.com/dns/records/", "", 200,
            R"({"records":[{"record_id":7,"name":"_acme-challenge.www","type":"TXT","data":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"},{"record_id":8,"name":"_acme-challenge.www","type":"TXT","data":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]})"},
           {"DELETE", "/my/products/example.com/dns/records/8/", "", 200,
            R"({"status":200,"message":"success"})"}},
  };
}

TEST(simply, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(simply, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(2);
  expected.back().status = 401;
  expected.back().answer = R"({"error":"Unauthorized"})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "simply: the vendor answered 401: Unauthorized");
}

}  // namespace
}  // namespace cardea::test_support
