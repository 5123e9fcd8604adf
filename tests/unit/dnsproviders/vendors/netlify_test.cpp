#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  return {
      .provider = "netlify",
      .options = {{"token", "netlify-token-secret"}},
      .headers = {{"Authorization", "Bearer netlify-token-secret"}},
      .present =
          {{"GET", "/dns_zones/example_com/dns_records", "", 200, "[]"},
           {"POST", "/dns_zones/example_com/dns_records",
            R"({"hostname":"_acme-challenge.www.example.com","type":"TXT","value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl":300})",
            201, R"({"id":"60b1"})"}},
      .clean_up =
          {{"GET", "/dns_zones/example_com/dns_records", "", 200,
            R"([{"id":"60b0","hostname":"_acme-challenge.www.example.com","type":"TXT","value":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"},{"id":"60b1","hostname":"_acme-challenge.www.example.com","type":"TXT","value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}])"},
           {"DELETE", "/dns_zones/example_com/dns_records/60b1", "", 204, ""}},
  };
}

TEST(netlify, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(netlify, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(2);
  expected.back().status = 422;
  expected.back().answer = R"({"code":422,"message":"Validation Failed"})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "netlify: the vendor answered 422: 422; Validation Failed");
}

}  // namespace
}  // namespace cardea::test_support
