#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* done = R"({"response":{"status":{"code":200,"text":"OK"}}})";

vendor_script script() {
  return {
      .provider = "glesys",
      .options = {{"api_user", "CL12345"}, {"api_key", "glesys-secret"}},
      // printf CL12345:glesys-secret | base64
      .headers = {{"Authorization", "Basic Q0wxMjM0NTpnbGVzeXMtc2VjcmV0"}, {"Accept", "application/json"}},
      .present =
          {{"POST", "/domain/listrecords", R"({"domainname":"example.com"})", 200,
            R"({"response":{"status":{"code":200},"records":[]}})"},
           {"POST", "/domain/addrecord",
            R"({"domainname":"example.com","host":"_acme-challenge.www","type":"TXT","data":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl":60})",
            200, R"({"response":{"status":{"code":200},"record":{"recordid":1234}}})"}},
      .clean_up = {{"POST", "/domain/listrecords", R"({"domainname":"example.com"})", 200,
                    R"({"response":{"status":{"code":200},"records":[
                        {"recordid":1,"host":"_acme-challenge.www","type":"TXT","data":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"},
                        {"recordid":2,"host":"_acme-challenge.www","type":"SPF","data":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"},
                        {"recordid":1234,"host":"_acme-challenge.www","type":"TXT","data":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]}})"},
                   {"POST", "/domain/deleterecord", R"({"recordid":1234})", 200, done}},
  };
}

TEST(glesys, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(glesys, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.back().status = 200;
  expected.back().answer = R"({"response":{"status":{"code":403,"text":"Access denied"}}})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "glesys: the vendor answered 200: Access denied");
}

}  // namespace
}  // namespace cardea::test_support
