#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  return {
      .provider = "regru",
      .options = {{"username", "owner"}, {"password", "regru-password"}},
      .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
      .present =
          {{"POST", "/zone/add_txt",
            "username=owner&password=regru-password&input_format=json&input_data=%7B%22text%22%3A%"
            "22LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo%22%2C%22domains%22%3A%5B%7B%22dname%22%3A%"
            "22example.com%22%7D%5D%2C%22subdomain%22%3A%22_acme-challenge.www%22%2C%22output_content_type%"
            "22%3A%22plain%22%7D",
            200,
            R"({"result":"success","answer":{"domains":[{"dname":"example.com","result":"success"}]}})"}},
      .clean_up =
          {{"POST", "/zone/remove_record",
            "username=owner&password=regru-password&input_format=json&input_data=%7B%22content%22%3A%"
            "22LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo%22%2C%22record_type%22%3A%22TXT%22%2C%22domains%"
            "22%3A%5B%7B%22dname%22%3A%22example.com%22%7D%5D%2C%22subdomain%22%3A%22_acme-challenge.www%22%"
            "2C%22output_content_type%22%3A%22plain%22%7D",
            200,
            R"({"result":"success","answer":{"domains":[{"dname":"example.com","result":"success"}]}})"}},
  };
}

TEST(regru, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(regru, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(1);
  expected.back().status = 200;
  expected.back().answer =
      R"({"result":"error","error_code":"ACCESS_DENIED_FROM_IP","error_text":"Access from this address is denied"})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "regru: the vendor answered 200: ACCESS_DENIED_FROM_IP Access from this address is denied");
}

TEST(regru, sees_a_refusal_inside_a_success) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.back().answer =
      R"({"result":"success","answer":{"domains":[{"result":"error","error_code":"DOMAIN_NOT_FOUND","error_text":"No such domain"}]}})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "regru: the vendor answered 200: DOMAIN_NOT_FOUND No such domain");
}

}  // namespace
}  // namespace cardea::test_support
