#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  return {
      .provider = "timewebcloud",
      .options = {{"auth_token", "timeweb-token-secret"}},
      .headers = {{"Authorization", "Bearer timeweb-token-secret"}},
      .present = {{"GET", "/v1/domains/example.com/dns-records?limit=100&offset=0", "", 200,
                   R"({"dns_records":[]})"},
                  {"POST", "/v2/domains/_acme-challenge.www.example.com/dns-records",
                   R"({"type":"TXT","value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"})", 201,
                   R"({"dns_record":{"id":12}})"}},
      .clean_up =
          {{"GET", "/v1/domains/example.com/dns-records?limit=100&offset=0", "", 200,
            R"({"dns_records":[{"id":11,"type":"TXT","data":{"sub":"_acme-challenge.www","value":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"}},{"id":12,"type":"TXT","data":{"sub":"_acme-challenge.www","value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}}]})"},
           {"DELETE", "/v2/domains/_acme-challenge.www.example.com/dns-records/12", "", 204, ""}},
  };
}

TEST(timewebcloud, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(timewebcloud, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(2);
  expected.back().status = 400;
  expected.back().answer =
      R"({"status_code":400,"error_code":"bad_request","message":"Value must be a string"})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "timewebcloud: the vendor answered 400: Value must be a string");
}

}  // namespace
}  // namespace cardea::test_support
