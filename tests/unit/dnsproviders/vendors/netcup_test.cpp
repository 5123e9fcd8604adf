#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  return {
      .provider = "netcup",
      .options = {{"customer", "12345"}, {"key", "netcup-key-secret"}, {"password", "netcup-password"}},
      .headers = {},
      .present =
          {{"POST", "",
            R"({"action":"login","param":{"customernumber":"12345","apikey":"netcup-key-secret","apipassword":"netcup-password"}})",
            200, R"({"status":"success","statuscode":2000,"responsedata":{"apisessionid":"session-1"}})"},
           {"POST", "",
            R"({"action":"infoDnsRecords","param":{"domainname":"example.com","customernumber":"12345","apikey":"netcup-key-secret","apisessionid":"session-1"}})",
            200,
            R"({"status":"error","statuscode":5029,"longmessage":"Can not get DNS records for zone.","responsedata":""})"},
           {"POST", "",
            R"({"action":"updateDnsRecords","param":{"domainname":"example.com","dnsrecordset":{"dnsrecords":[{"hostname":"_acme-challenge.www","type":"TXT","destination":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]},"customernumber":"12345","apikey":"netcup-key-secret","apisessionid":"session-1"}})",
            200, R"({"status":"success","statuscode":2000})"}},
      .clean_up =
          {{"POST", "",
            R"({"action":"infoDnsRecords","param":{"domainname":"example.com","customernumber":"12345","apikey":"netcup-key-secret","apisessionid":"session-1"}})",
            200,
            R"({"status":"success","responsedata":{"dnsrecords":[{"id":"1","hostname":"_acme-challenge.www","type":"TXT","destination":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"},{"id":"2","hostname":"_acme-challenge.www","type":"TXT","priority":"0","destination":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]}})"},
           {"POST", "",
            R"({"action":"updateDnsRecords","param":{"domainname":"example.com","dnsrecordset":{"dnsrecords":[{"id":"2","hostname":"_acme-challenge.www","type":"TXT","priority":"0","destination":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","deleterecord":true}]},"customernumber":"12345","apikey":"netcup-key-secret","apisessionid":"session-1"}})",
            200, R"({"status":"success","statuscode":2000})"}},
      .api_url = "https://ccp.vendor.test/endpoint.php?JSON",
  };
}

TEST(netcup, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(netcup, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(1);
  expected.back().status = 200;
  expected.back().answer =
      R"({"status":"error","statuscode":4013,"longmessage":"The login session id is not in a valid format.","responsedata":""})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "netcup: login: the vendor answered 200: 4013 The login session id is not in a valid format.");
}

}  // namespace
}  // namespace cardea::test_support
