#include "tests/support/vendor_script.hpp"

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "dnsproviders/registry.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

using fields = std::map<std::string, std::string>;

std::string hash(const std::string& text) { return base::hex(base::hash(base::digest::sha256, text)); }

// Signature version 3 a second time, for an empty body.
std::string signature(const std::string& secret, const std::string& method, const std::string& query,
                      const fields& signed_fields) {
  std::string text = method + "\n/\n" + query + "\n";
  std::string names;
  for (const auto& [name, value] : signed_fields) {
    text += name + ":" + value + "\n";
    names += name + ";";
  }
  names.pop_back();
  text += "\n" + names + "\n" + hash("");
  return base::hex(base::hmac(base::digest::sha256, secret, "ACS3-HMAC-SHA256\n" + hash(text)));
}

void expect_signed(const base::fetch_request& got, const std::string& id, const std::string& secret) {
  if (got.url.find("100.100.100.200") != std::string::npos) {
    for (const base::http_field& each : got.headers) EXPECT_NE(each.name, "Authorization");
    return;
  }
  fields signed_fields{{"host", "api.vendor.test"}};
  for (const base::http_field& each : got.headers)
    if (each.name.starts_with("x-acs-")) signed_fields[each.name] = each.value;
  EXPECT_EQ(signed_fields["x-acs-date"], "2026-01-02T03:04:05Z");
  EXPECT_EQ(signed_fields["x-acs-version"], "2015-01-09");
  EXPECT_EQ(signed_fields["x-acs-content-sha256"], hash(""));
  EXPECT_EQ(signed_fields["x-acs-signature-nonce"].size(), 36U);
  const std::string query = got.url.substr(got.url.find('?') + 1);
  std::string names;
  for (const auto& [name, value] : signed_fields) names += name + ";";
  names.pop_back();
  EXPECT_EQ(got.headers.back().value,
            "ACS3-HMAC-SHA256 Credential=" + id + ",SignedHeaders=" + names +
                ",Signature=" + signature(secret, got.method, query, signed_fields));
}

std::string action_of(const base::fetch_request& got) {
  for (const base::http_field& each : got.headers)
    if (each.name == "x-acs-action") return each.value;
  return {};
}

const exchange zones{"GET", "/?PageNumber=1&PageSize=100", "", 200,
                     R"({"PageNumber":1,"TotalCount":2,"Domains":{"Domain":[
                         {"DomainName":"ample.com","PunyCode":"ample.com"},
                         {"DomainName":"example.com","PunyCode":"example.com"}]}})"};
const std::string listed =
    "/?DomainName=example.com&PageNumber=1&PageSize=500&RRKeyWord=_acme-challenge.www&Type=TXT";
const exchange none{"GET", listed, "", 200,
                    R"({"PageNumber":1,"TotalCount":0,"DomainRecords":{"Record":[]}})"};
const exchange add{
    "POST",
    "/?DomainName=example.com&RR=_acme-challenge.www&TTL=600&Type=TXT&Value=" + std::string(first_value), "",
    200, R"({"RecordId":"9999985","RequestId":"A"})"};

vendor_script script() {
  return {
      .provider = "alidns",
      .options = {{"api_key", "LTAI"}, {"secret_key", "ali-secret-key"}},
      .present = {zones, none, add},
      .clean_up = {{"GET", listed, "", 200,
                    R"({"PageNumber":1,"TotalCount":3,"DomainRecords":{"Record":[
                        {"RecordId":"1","RR":"_acme-challenge.www","Type":"TXT","Value":"foreign"},
                        {"RecordId":"2","RR":"x_acme-challenge.www","Type":"TXT",
                         "Value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"},
                        {"RecordId":"9999985","RR":"_acme-challenge.www","Type":"TXT",
                         "Value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]}})"},
                   {"POST", "/?RecordId=9999985", "", 200, R"({"RecordId":"9999985"})"}},
      .api_url = "https://api.vendor.test",
      .verify = [](const base::fetch_request& got) { expect_signed(got, "LTAI", "ali-secret-key"); },
  };
}

// The example of the vendor's page "V3 request structure and signature".
TEST(alidns, is_checked_by_a_signature_that_the_vendor_published) {
  EXPECT_EQ(signature("YourAccessKeySecret", "POST",
                      "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai",
                      {{"host", "ecs.cn-shanghai.aliyuncs.com"},
                       {"x-acs-action", "RunInstances"},
                       {"x-acs-content-sha256", hash("")},
                       {"x-acs-date", "2023-10-26T10:22:32Z"},
                       {"x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d"},
                       {"x-acs-version", "2014-05-26"}}),
            "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0");
}

TEST(alidns, adds_a_record_and_removes_just_that) {
  check_vendor(script());
  vendor_play play(script());
  EXPECT_TRUE(play.present(script().present));
  EXPECT_TRUE(play.clean_up(script().clean_up));
  std::string actions;
  for (const base::fetch_request& each : play.requests()) actions += action_of(each) + " ";
  EXPECT_EQ(
      actions,
      "DescribeDomains DescribeDomainRecords AddDomainRecord DescribeDomainRecords DeleteDomainRecord ");
}

TEST(alidns, adds_nothing_that_is_there_and_removes_nothing_that_is_not) {
  vendor_play play(script());
  EXPECT_TRUE(play.present({zones, script().clean_up.front()}));
  EXPECT_TRUE(play.clean_up({none}));
  exchange exists = add;
  exists.status = 400;
  exists.answer = R"({"Code":"DomainRecordDuplicate","Message":"The DNS record already exists."})";
  EXPECT_TRUE(play.present({zones, none, exists}));
  exchange gone = script().clean_up.back();
  gone.status = 400;
  gone.answer = R"({"Code":"DomainRecordNotBelongToUser","Message":"not yours"})";
  EXPECT_TRUE(play.clean_up({script().clean_up.front(), gone}));
}

TEST(alidns, looks_at_every_part_of_a_list) {
  vendor_play play(script());
  exchange first = zones;
  first.answer = R"({"PageNumber":1,"TotalCount":101,"Domains":{"Domain":[{"DomainName":"a.test"}]}})";
  exchange second = zones;
  second.url = "/?PageNumber=2&PageSize=100";
  second.answer = R"({"PageNumber":2,"TotalCount":101,"Domains":{"Domain":[{"DomainName":"example.com"}]}})";
  EXPECT_TRUE(play.present({first, second, none, add}));
}

TEST(alidns, names_the_line_when_told_to) {
  vendor_script with_line = script();
  with_line.options.insert({"line", "telecom"});
  vendor_play play(with_line);
  exchange to_line = add;
  to_line.url.replace(0, std::string("/?DomainName=example.com").size(),
                      "/?DomainName=example.com&Line=telecom");
  EXPECT_TRUE(play.present({zones, none, to_line}));
}

TEST(alidns, gets_the_keys_of_a_role_from_the_machine) {
  vendor_script on_machine = script();
  on_machine.options = {{"ram_role", "dns-role"}};
  on_machine.verify = [](const base::fetch_request& got) { expect_signed(got, "STS.1", "role-secret"); };
  vendor_play play(on_machine);
  const exchange token{"PUT", "http://100.100.100.200/latest/api/token", "", 200, "machine-token"};
  const exchange keys{"GET", "http://100.100.100.200/latest/meta-data/ram/security-credentials/dns-role", "",
                      200,
                      R"({"Code":"Success","AccessKeyId":"STS.1","AccessKeySecret":"role-secret",
                          "SecurityToken":"sts-token","Expiration":"2026-01-02T09:00:00Z"})"};
  EXPECT_TRUE(play.present({token, keys, zones, none, add}));
  EXPECT_TRUE(play.clean_up(script().clean_up)) << "the keys are still good";
  ASSERT_GT(play.requests().size(), 2U);
  EXPECT_EQ(play.requests()[1].headers.front().value, "machine-token");

  vendor_play without(on_machine);
  exchange none_left = keys;
  none_left.answer = R"({"Code":"NotFound"})";
  EXPECT_FALSE(without.present({token, none_left}));
}

TEST(alidns, says_what_the_vendor_said) {
  vendor_play play(script());
  exchange refused = add;
  refused.status = 400;
  refused.answer = R"({"RequestId":"A","HostId":"alidns.aliyuncs.com","Code":"QuotaExceeded.TTL",
                       "Message":"The TTL is below the minimum."})";
  const auto outcome = play.present({zones, none, refused});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "alidns: the vendor answered 400: QuotaExceeded.TTL; The TTL is below the minimum.");
}

TEST(alidns, names_what_is_missing_or_wrong) {
  const auto refusal = [](const std::map<std::string, base::secret>& options) {
    const auto nothing = [](const std::string&) { return std::optional<std::string>(); };
    dnsproviders::services with{{}, base::dns_resolver::create({"127.0.0.1:1"}).value()};
    const auto made = dnsproviders::make_provider("alidns", options, nothing, std::move(with));
    return made ? std::string() : made.error().message();
  };
  const base::secret key("k");
  EXPECT_EQ(refusal({}), "alidns: option 'api_key' is missing (or ram_role)");
  EXPECT_EQ(refusal({{"api_key", key}}), "alidns: option 'secret_key' is missing");
  EXPECT_EQ(refusal({{"api_key", key}, {"secret_key", key}, {"region_id", base::secret("evil.test/")}}),
            "alidns: option 'region_id' is not the name of a region");
}

}  // namespace
}  // namespace cardea::test_support
