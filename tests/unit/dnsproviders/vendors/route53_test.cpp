#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

// Computed apart from the program, by Python's hmac: what each request must be signed with.
const std::map<std::string, std::string> signatures{
    {"GET /2013-04-01/hostedzonesbyname?dnsname=_acme-challenge.www.example.com&maxitems=10",
     "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/route53/aws4_request, "
     "SignedHeaders=host;x-amz-date, "
     "Signature=889792bd685ba57b72a4cc72e177ade9841076078d452de1d3c73f158d0fd04a"},
    {"GET /2013-04-01/hostedzonesbyname?dnsname=www.example.com&maxitems=10",
     "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/route53/aws4_request, "
     "SignedHeaders=host;x-amz-date, "
     "Signature=f7b658ad5b2a8cf14ca82c7585dee9b587238af55572c384d5ffc1eb6aebdda6"},
    {"GET /2013-04-01/hostedzonesbyname?dnsname=example.com&maxitems=10",
     "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/route53/aws4_request, "
     "SignedHeaders=host;x-amz-date, "
     "Signature=9f403f154a4ad7ac3bf6d193dca376173d9a5aa7e3a5d76f6db2bd92e067d625"},
    {"GET /2013-04-01/hostedzone/Z1/rrset?name=_acme-challenge.www.example.com.&type=TXT",
     "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/route53/aws4_request, "
     "SignedHeaders=host;x-amz-date, "
     "Signature=83a91c5f5866a018caf059176d971b20734292ff27e95d82b5924352ea66a7ab"},
    {"GET /2013-04-01/change/C9",
     "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/route53/aws4_request, "
     "SignedHeaders=host;x-amz-date, "
     "Signature=3769e20976a1ae721cc5efa80a19d43f9be626d7c332f41089f30d295805fa12"},
    {"UPSERT LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo",
     "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/route53/aws4_request, "
     "SignedHeaders=host;x-amz-date, "
     "Signature=0ced99f09fb564b0a513ea12d3f82cff22b7dc20fd1fef4bfb3295df5ce94c8b"},
    {"UPSERT xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE",
     "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/route53/aws4_request, "
     "SignedHeaders=host;x-amz-date, "
     "Signature=7990df93e24cec060013dcbbf0be7c7675cae73f5cb6628a964ee175e8b23b91"},
};

void check_signature(const base::fetch_request& got) {
  std::string what = got.method + " " + got.url.substr(std::string("https://api.vendor.test/base").size());
  if (got.method == "POST") what = "UPSERT " + got.body.substr(got.body.find("<Value>\"") + 8, 43);
  const auto expected = signatures.find(what);
  ASSERT_NE(expected, signatures.end()) << what;
  EXPECT_EQ(got.headers.back().name, "Authorization");
  EXPECT_EQ(got.headers.back().value, expected->second) << what;
}

vendor_script script() {
  return {
      .provider = "route53",
      .options = {{"access_key_id", "AKIDEXAMPLE"},
                  {"secret_access_key", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}},
      .headers = {{"X-Amz-Date", "20260102T030405Z"}},
      .present =
          {{"GET", "/2013-04-01/hostedzonesbyname?dnsname=_acme-challenge.www.example.com&maxitems=10", "",
            200,
            "<ListHostedZonesByNameResponse><HostedZones></HostedZones></ListHostedZonesByNameResponse>"},
           {"GET", "/2013-04-01/hostedzonesbyname?dnsname=www.example.com&maxitems=10", "", 200,
            "<ListHostedZonesByNameResponse><HostedZones></HostedZones></ListHostedZonesByNameResponse>"},
           {"GET", "/2013-04-01/hostedzonesbyname?dnsname=example.com&maxitems=10", "", 200,
            "<ListHostedZonesByNameResponse><HostedZones><HostedZone><Id>/hostedzone/ZPRIV</"
            "Id><Name>example.com.</Name><Config><PrivateZone>true</PrivateZone></Config></"
            "HostedZone><HostedZone><Id>/hostedzone/Z1</Id><Name>example.com.</"
            "Name><Config><PrivateZone>false</PrivateZone></Config></HostedZone><HostedZone><Id>/hostedzone/"
            "Z2</Id><Name>example.net.</Name></HostedZone></HostedZones></ListHostedZonesByNameResponse>"},
           {"GET", "/2013-04-01/hostedzone/Z1/rrset?name=_acme-challenge.www.example.com.&type=TXT", "", 200,
            "<ListResourceRecordSetsResponse><ResourceRecordSets><ResourceRecordSet><Name>zzz.example.com.</"
            "Name><Type>TXT</Type><TTL>5</TTL><ResourceRecords><ResourceRecord><Value>&quot;x&quot;</Value></"
            "ResourceRecord></ResourceRecords></ResourceRecordSet></ResourceRecordSets></"
            "ListResourceRecordSetsResponse>"},
           {"POST", "/2013-04-01/hostedzone/Z1/rrset/",
            R"(<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Changes><Change><Action>UPSERT</Action><ResourceRecordSet><Name>_acme-challenge.www.example.com.</Name><Type>TXT</Type><TTL>10</TTL><ResourceRecords><ResourceRecord><Value>"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>)",
            200,
            "<ChangeResourceRecordSetsResponse><ChangeInfo><Id>/change/C9</Id><Status>PENDING</Status></"
            "ChangeInfo></ChangeResourceRecordSetsResponse>"},
           {"GET", "/2013-04-01/change/C9", "", 200,
            "<GetChangeResponse><ChangeInfo><Id>/change/C9</Id><Status>PENDING</Status></ChangeInfo></"
            "GetChangeResponse>"},
           {"GET", "/2013-04-01/change/C9", "", 200,
            "<GetChangeResponse><ChangeInfo><Id>/change/C9</Id><Status>INSYNC</Status></ChangeInfo></"
            "GetChangeResponse>"}},
      .clean_up =
          {{"GET", "/2013-04-01/hostedzone/Z1/rrset?name=_acme-challenge.www.example.com.&type=TXT", "", 200,
            "<ListResourceRecordSetsResponse><ResourceRecordSets><ResourceRecordSet><Name>_acme-challenge."
            "www.example.com.</Name><Type>TXT</Type><TTL>60</"
            "TTL><ResourceRecords><ResourceRecord><Value>&quot;xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE&"
            "quot;</Value></"
            "ResourceRecord><ResourceRecord><Value>&quot;LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo&quot;</"
            "Value></ResourceRecord></ResourceRecords></"
            "ResourceRecordSet><ResourceRecordSet><Name>zzz.example.com.</Name><Type>TXT</Type><TTL>5</"
            "TTL><ResourceRecords><ResourceRecord><Value>&quot;x&quot;</Value></ResourceRecord></"
            "ResourceRecords></ResourceRecordSet></ResourceRecordSets></ListResourceRecordSetsResponse>"},
           {"POST", "/2013-04-01/hostedzone/Z1/rrset/",
            R"(<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Changes><Change><Action>UPSERT</Action><ResourceRecordSet><Name>_acme-challenge.www.example.com.</Name><Type>TXT</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>)",
            200,
            "<ChangeResourceRecordSetsResponse><ChangeInfo><Id>/change/C9</Id><Status>INSYNC</Status></"
            "ChangeInfo></ChangeResourceRecordSetsResponse>"}},
      .verify = check_signature,
  };
}

TEST(route53, merges_its_value_signs_its_requests_and_waits_for_the_change) { check_vendor(script()); }

TEST(route53, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(5);
  expected.back().status = 400;
  expected.back().answer =
      "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidInput</Code><Message>Bad "
      "TTL</Message></Error></ErrorResponse>";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "route53: the vendor answered 400: InvalidInput: Bad TTL");
}

TEST(route53, deletes_the_set_as_it_is_with_its_last_value) {
  vendor_script unchecked = script();
  unchecked.verify = {};
  unchecked.options["hosted_zone_id"] = "/hostedzone/Z1";
  vendor_play play(unchecked);
  EXPECT_TRUE(play.clean_up(
      {{"GET", "/2013-04-01/hostedzone/Z1/rrset?name=_acme-challenge.www.example.com.&type=TXT", "", 200,
        "<ListResourceRecordSetsResponse><ResourceRecordSets><ResourceRecordSet><Name>_acme-challenge.www."
        "example.com.</Name><Type>TXT</Type><TTL>60</"
        "TTL><ResourceRecords><ResourceRecord><Value>&quot;LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo&quot;<"
        "/Value></ResourceRecord></ResourceRecords></"
        "ResourceRecordSet><ResourceRecordSet><Name>zzz.example.com.</Name><Type>TXT</Type><TTL>5</"
        "TTL><ResourceRecords><ResourceRecord><Value>&quot;x&quot;</Value></ResourceRecord></"
        "ResourceRecords></ResourceRecordSet></ResourceRecordSets></ListResourceRecordSetsResponse>"},
       {"POST", "/2013-04-01/hostedzone/Z1/rrset/",
        R"(<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Changes><Change><Action>DELETE</Action><ResourceRecordSet><Name>_acme-challenge.www.example.com.</Name><Type>TXT</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>)",
        200,
        "<ChangeResourceRecordSetsResponse><ChangeInfo><Id>/change/C9</Id><Status>INSYNC</Status></"
        "ChangeInfo></ChangeResourceRecordSetsResponse>"}}));
}

}  // namespace
}  // namespace cardea::test_support
