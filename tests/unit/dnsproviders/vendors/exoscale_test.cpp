#include "tests/support/vendor_script.hpp"

#include "base/crypto.hpp"
#include "base/text.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* records = "/dns-domain/89083a5c/record";

void is_signed(const base::fetch_request& got) {
  // script_time and ten minutes
  const std::string until = "1767323645";
  const std::string path = got.url.substr(std::string("https://api.vendor.test").size());
  const std::string mac =
      base::base64(base::hmac(base::digest::sha256, "exo-secret-secret",
                              got.method + " " + path + "\n" + got.body + "\n\n\n" + until));
  EXPECT_EQ(got.headers.back().name, "Authorization");
  EXPECT_EQ(got.headers.back().value,
            "EXO2-HMAC-SHA256 credential=EXO1,expires=" + until + ",signature=" + mac);
}

const exchange zones{"GET", "/dns-domain", "", 200,
                     R"({"dns-domains":[{"id":"0","unicode-name":"ample.com"},
                         {"id":"89083a5c","unicode-name":"example.com"}]})"};
const exchange none{"GET", records, "", 200, R"({"dns-domain-records":[]})"};
const exchange add{"POST", records,
                   R"({"name":"_acme-challenge.www","type":"TXT","ttl":120,
                       "content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"})",
                   200, R"({"id":"0a","state":"pending"})"};
const exchange pending{"GET", "/operation/0a", "", 200, R"({"id":"0a","state":"pending"})"};
const exchange ready{"GET", "/operation/0a", "", 200, R"({"id":"0a","state":"success"})"};

vendor_script script() {
  return {
      .provider = "exoscale",
      .options = {{"api_key", "EXO1"}, {"api_secret", "exo-secret-secret"}},
      .present = {zones, none, add, pending, ready},
      .clean_up = {{"GET", records, "", 200,
                    R"({"dns-domain-records":[
                        {"id":"1","name":"_acme-challenge.www","type":"TXT","content":"foreign"},
                        {"id":"2","name":"other","type":"TXT",
                         "content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"},
                        {"id":"3","name":"_acme-challenge.www","type":"TXT",
                         "content":"\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""}]})"},
                   {"DELETE", std::string(records) + "/3", "", 200, R"({"id":"0a","state":"success"})"}},
      .verify = is_signed,
  };
}

TEST(exoscale, adds_a_record_waits_for_it_and_removes_just_that) {
  check_vendor(script());
  vendor_play play(script());
  EXPECT_TRUE(play.present(script().present));
  EXPECT_EQ(play.sleeps(), std::vector<double>{2.0});
}

TEST(exoscale, adds_nothing_that_is_there_and_removes_nothing_that_is_not) {
  vendor_play play(script());
  EXPECT_TRUE(play.present({zones, script().clean_up.front()}));
  EXPECT_TRUE(play.clean_up({none}));
}

TEST(exoscale, says_why_an_operation_failed_later) {
  vendor_play play(script());
  exchange failed = ready;
  failed.answer = R"({"id":"0a","state":"failure","reason":"conflict","message":"the record is locked"})";
  const auto outcome = play.present({zones, none, add, pending, failed});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "exoscale: the vendor answered 200: conflict; the record is locked");
}

TEST(exoscale, prefers_the_longest_zone_and_knows_its_unicode_name) {
  vendor_play play(script());
  exchange list = zones;
  list.answer = R"({"dns-domains":[{"id":"tld","unicode-name":"example"},
                    {"id":"89083a5c","unicode-name":"bücher.example"}]})";
  dnsproviders::challenge_record record = make_record();
  record.fqdn = "_acme-challenge.xn--bcher-kva.example";
  exchange present = none;
  present.answer = R"({"dns-domain-records":[{"id":"3","name":"_acme-challenge","type":"TXT",
                       "content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]})";
  EXPECT_TRUE(play.present({list, present}, record));
}

TEST(exoscale, writes_the_name_of_the_zone_itself_as_an_empty_one) {
  vendor_play play(script());
  exchange list = zones;
  list.answer = R"({"dns-domains":[{"id":"89083a5c","unicode-name":"_acme-challenge.www.example.com"}]})";
  exchange apex = add;
  apex.body = R"({"name":"","type":"TXT","ttl":120,
                  "content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"})";
  apex.answer = R"({"id":"0a","state":"success"})";
  EXPECT_TRUE(play.present({list, none, apex}));
}

TEST(exoscale, says_what_the_vendor_said) {
  vendor_play play(script());
  exchange refused = zones;
  refused.status = 403;
  refused.answer = R"({"message":"Forbidden by role policy for dns"})";
  const auto outcome = play.present({refused});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "exoscale: the vendor answered 403: Forbidden by role policy for dns");
}

}  // namespace
}  // namespace cardea::test_support
