#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  return {
      .provider = "scaleway",
      .options = {{"secret_key", "11111111-secret-key"}},
      .headers = {{"X-Auth-Token", "11111111-secret-key"}},
      .present =
          {{"PATCH", "/domain/v2beta1/dns-zones/_acme-challenge.www.example.com./records",
            R"({"changes":[{"add":{"records":[{"name":"_acme-challenge.www.example.com.","type":"TXT","data":"\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\"","ttl":60}]}}],"return_all_records":false,"disallow_new_zone_creation":true})",
            200, R"({"records":[]})"}},
      .clean_up =
          {{"PATCH", "/domain/v2beta1/dns-zones/_acme-challenge.www.example.com./records",
            R"({"changes":[{"delete":{"id_fields":{"name":"_acme-challenge.www.example.com.","type":"TXT","data":"\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""}}}],"return_all_records":false,"disallow_new_zone_creation":true})",
            200, R"({"records":[]})"}},
  };
}

TEST(scaleway, adds_one_value_and_removes_it_by_itself) { check_vendor(script()); }

TEST(scaleway, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(1);
  expected.back().status = 403;
  expected.back().answer = R"({"message":"insufficient permissions","type":"permissions_denied"})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "scaleway: the vendor answered 403: insufficient permissions");
}

}  // namespace
}  // namespace cardea::test_support
