#include "tests/support/vendor_script.hpp"

#include "base/crypto.hpp"
#include "base/text.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* date = "Fri, 02 Jan 2026 03:04:05 GMT";

exchange zone(const std::string& name) {
  return {"GET", "/dns/managed/name?domainname=" + name, "", 404, R"({"error":["Cannot find resource"]})"};
}
exchange own_zone() {
  exchange out = zone("example.com");
  out.status = 200;
  out.answer = R"({"id":1119443,"name":"example.com"})";
  return out;
}
const std::vector<exchange> zones{zone("_acme-challenge.www.example.com"), zone("www.example.com"),
                                  own_zone()};
exchange list(const std::string& data, const std::string& more = "") {
  return {"GET", "/dns/managed/1119443/records?recordName=_acme-challenge.www&type=TXT" + more, "", 200,
          data};
}
const exchange none = list(R"({"data":[],"page":0,"totalPages":0,"totalRecords":0})");
const exchange add{"POST", "/dns/managed/1119443/records",
                   R"({"type":"TXT","name":"_acme-challenge.www","ttl":120,"gtdLocation":"DEFAULT",
                       "value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"})",
                   201, R"({"id":66527})"};

vendor_script script() {
  return {
      .provider = "dnsmadeeasy",
      .options = {{"api_key", "dme-api-key"}, {"api_secret", "c9b5625f-9834-4ff8-baba-4ed5f32cae55"}},
      .headers = {{"x-dnsme-apiKey", "dme-api-key"},
                  {"x-dnsme-requestDate", date},
                  {"x-dnsme-hmac",
                   base::hex(base::hmac(base::digest::sha1, "c9b5625f-9834-4ff8-baba-4ed5f32cae55", date))}},
      .present = {zones[0], zones[1], zones[2], none, add},
      .clean_up = {list(R"({"page":0,"totalPages":1,"data":[
                       {"id":1,"type":"TXT","name":"_acme-challenge.www","value":"\"foreign\""},
                       {"id":66527,"type":"TXT","name":"_acme-challenge.www",
                        "value":"\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""},
                       {"id":66528,"type":"TXT","name":"_acme-challenge.www",
                        "value":"\"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE\""}]})"),
                   {"DELETE", "/dns/managed/1119443/records/66527", "", 200, ""}},
  };
}

TEST(dnsmadeeasy, adds_a_record_and_removes_just_that) { check_vendor(script()); }

// The date and the signature in the vendor's page "Authentication".
TEST(dnsmadeeasy, is_checked_by_a_signature_that_the_vendor_published) {
  EXPECT_EQ(base::hex(base::hmac(base::digest::sha1, "c9b5625f-9834-4ff8-baba-4ed5f32cae55",
                                 "Sat, 12 Feb 2011 20:59:04 GMT")),
            "b3502e6116a324f3cf4a8ed693d78bcee8d8fe3c");
}

TEST(dnsmadeeasy, adds_nothing_that_is_there_and_removes_nothing_that_is_not) {
  vendor_play play(script());
  EXPECT_TRUE(play.present({zones[0], zones[1], zones[2], script().clean_up.front()}));
  EXPECT_TRUE(play.clean_up({none}));
  exchange exists = add;
  exists.status = 400;
  exists.answer = R"({"error":["Record with this type (TXT), name, and value already exists."]})";
  EXPECT_TRUE(play.present({zones[0], zones[1], zones[2], none, exists}));
}

TEST(dnsmadeeasy, looks_at_every_part_of_a_list) {
  vendor_play play(script());
  const exchange first = list(R"({"data":[],"page":0,"totalPages":2})");
  const exchange second = list(script().clean_up.front().answer, "&page=1");
  EXPECT_TRUE(play.present({zones[0], zones[1], zones[2], first, second}));
}

TEST(dnsmadeeasy, writes_into_a_zone_below_the_account_s_other_one) {
  vendor_play play(script());
  exchange below = own_zone();
  below.url = zones[1].url;
  below.answer = R"({"id":5,"name":"www.example.com"})";
  exchange read = list(script().clean_up.front().answer);
  read.url = "/dns/managed/5/records?recordName=_acme-challenge&type=TXT";
  read.answer = R"({"data":[{"id":2,"type":"TXT","name":"_acme-challenge",
                    "value":"\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""}]})";
  EXPECT_TRUE(play.present({zones[0], below, read}));
}

TEST(dnsmadeeasy, says_what_the_vendor_said) {
  vendor_play play(script());
  exchange refused = add;
  refused.status = 400;
  refused.answer = R"({"error":["Rate limit exceeded"]})";
  const auto outcome = play.present({zones[0], zones[1], zones[2], none, refused});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "dnsmadeeasy: the vendor answered 400: Rate limit exceeded");
}

TEST(dnsmadeeasy, goes_to_the_sandbox_when_told_to) {
  vendor_script test_system = script();
  test_system.options.insert({{"sandbox", "1"}, {"base_url", "https://other.test"}, {"api_url", ""}});
  test_system.api_url = "https://api.sandbox.dnsmadeeasy.com/V2.0";
  vendor_play play(test_system);
  EXPECT_TRUE(play.present(script().present));
}

}  // namespace
}  // namespace cardea::test_support
