#include "tests/support/vendor_script.hpp"

#include "base/crypto.hpp"
#include "base/text.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

std::string hash(const std::string& text) { return base::hex(base::hash(base::digest::sha256, text)); }
std::string mac(const std::string& key, const std::string& text) {
  return base::hmac(base::digest::sha256, key, text);
}

// TC3 a second time.
std::string signature(const std::string& secret, const std::string& time, const std::string& day,
                      const std::string& service, const std::string& host, const std::string& body) {
  const std::string canonical = "POST\n/\n\ncontent-type:application/json; charset=utf-8\nhost:" + host +
                                "\n\ncontent-type;host\n" + hash(body);
  std::string key = "TC3" + secret;
  for (const std::string& each : {day, service, std::string("tc3_request")}) key = mac(key, each);
  return base::hex(
      mac(key, "TC3-HMAC-SHA256\n" + time + "\n" + day + "/" + service + "/tc3_request\n" + hash(canonical)));
}

void is_signed(const base::fetch_request& got) {
  EXPECT_EQ(
      got.headers.back().value,
      "TC3-HMAC-SHA256 Credential=AKID/2026-01-02/dnspod/tc3_request, "
      "SignedHeaders=content-type;host, Signature=" +
          signature("tc-secret-key", "1767323045", "2026-01-02", "dnspod", "api.vendor.test", got.body));
}

const exchange zones{"POST", "/", R"({"Offset":0,"Limit":3000})", 200,
                     R"({"Response":{"DomainCountInfo":{"AllTotal":2},"DomainList":[
                         {"DomainId":7,"Name":"ample.com","Punycode":"ample.com"},
                         {"DomainId":8,"Name":"example.com","Punycode":"example.com"}]}})"};
exchange list(const std::string& answer) {
  return {"POST", "/",
          R"({"Domain":"example.com","DomainId":8,"Subdomain":"_acme-challenge.www","RecordType":"TXT",
              "Limit":3000})",
          200, answer};
}
const exchange none =
    list(R"({"Response":{"Error":{"Code":"ResourceNotFound.NoDataOfRecord","Message":"none"}}})");
const exchange add{"POST", "/",
                   R"({"Domain":"example.com","DomainId":8,"SubDomain":"_acme-challenge.www",
                       "RecordType":"TXT","RecordLine":"默认","RecordLineId":"0",
                       "Value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","TTL":600})",
                   200, R"({"Response":{"RecordId":162,"RequestId":"A"}})"};

vendor_script script() {
  return {
      .provider = "tencentcloud",
      .options = {{"secret_id", "AKID"}, {"secret_key", "tc-secret-key"}},
      .headers = {{"Content-Type", "application/json; charset=utf-8"},
                  {"X-TC-Version", "2021-03-23"},
                  {"X-TC-Timestamp", "1767323045"}},
      .present = {zones, none, add},
      .clean_up = {list(R"({"Response":{"RecordList":[
                {"RecordId":160,"Name":"_acme-challenge.www","Type":"TXT","Value":"foreign"},
                {"RecordId":161,"Name":"_acme-challenge.www","Type":"TXT",
                 "Value":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"},
                {"RecordId":162,"Name":"_acme-challenge.www","Type":"TXT",
                 "Value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]}})"),
                   {"POST", "/", R"({"Domain":"example.com","DomainId":8,"RecordId":162})", 200,
                    R"({"Response":{"RequestId":"B"}})"}},
      .api_url = "https://api.vendor.test",
      .verify = is_signed,
  };
}

// The example of the vendor's page "Signature v3".
TEST(tencentcloud, is_checked_by_a_signature_that_the_vendor_published) {
  EXPECT_EQ(
      signature("Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", "1551113065", "2019-02-25", "cvm",
                "cvm.tencentcloudapi.com",
                R"({"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]})"),
      "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168");
}

TEST(tencentcloud, adds_a_record_and_removes_just_that) {
  check_vendor(script());
  vendor_play play(script());
  EXPECT_TRUE(play.present(script().present));
  EXPECT_TRUE(play.clean_up(script().clean_up));
  std::string actions;
  for (const base::fetch_request& each : play.requests())
    for (const base::http_field& field : each.headers)
      if (field.name == "X-TC-Action") actions += field.value + " ";
  EXPECT_EQ(actions, "DescribeDomainList DescribeRecordList CreateRecord DescribeRecordList DeleteRecord ");
}

TEST(tencentcloud, adds_nothing_that_is_there_and_removes_nothing_that_is_not) {
  vendor_play play(script());
  EXPECT_TRUE(play.present({zones, script().clean_up.front()}));
  EXPECT_TRUE(play.clean_up({none}));
  exchange exists = add;
  exists.answer = R"({"Response":{"Error":{"Code":"InvalidParameter.DomainRecordExist","Message":"there"}}})";
  EXPECT_TRUE(play.present({zones, none, exists}));
}

TEST(tencentcloud, finds_a_zone_by_its_ascii_name_and_calls_it_as_the_vendor_does) {
  vendor_play play(script());
  exchange list_zones = zones;
  list_zones.answer = R"({"Response":{"DomainList":[
                          {"DomainId":9,"Name":"bücher.example","Punycode":"xn--bcher-kva.example"}]}})";
  exchange there = list(R"({"Response":{"RecordList":[{"RecordId":1,"Name":"_acme-challenge","Type":"TXT",
                            "Value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]}})");
  there.body = R"({"Domain":"bücher.example","DomainId":9,"Subdomain":"_acme-challenge","RecordType":"TXT",
                   "Limit":3000})";
  dnsproviders::challenge_record record = make_record();
  record.fqdn = "_acme-challenge.xn--bcher-kva.example";
  EXPECT_TRUE(play.present({list_zones, there}, record));
}

TEST(tencentcloud, sends_region_and_session_token_when_there_are_some) {
  vendor_script temporary = script();
  temporary.options.insert({{"region", "ap-x"}, {"session_token", "tc-session-token"}});
  temporary.headers.push_back({"X-TC-Region", "ap-x"});
  temporary.headers.push_back({"X-TC-Token", "tc-session-token"});
  vendor_play play(temporary);
  EXPECT_TRUE(play.present(script().present));
}

TEST(tencentcloud, says_what_the_vendor_said_with_status_200) {
  vendor_play play(script());
  exchange refused = add;
  refused.answer = R"({"Response":{"Error":{"Code":"LimitExceeded.RecordTtlLimit",
                       "Message":"The TTL is too small."},"RequestId":"A"}})";
  const auto outcome = play.present({zones, none, refused});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "tencentcloud: the vendor answered 200: LimitExceeded.RecordTtlLimit; The TTL is too small.");
}

}  // namespace
}  // namespace cardea::test_support
