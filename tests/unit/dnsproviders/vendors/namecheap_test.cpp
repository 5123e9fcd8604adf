#include "tests/support/vendor_script.hpp"

#include "dnsproviders/registry.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* account = "&ApiUser=me&ApiKey=nc-secret-key&UserName=me&ClientIp=192.0.2.7";

std::string answered(const std::string& result) {
  return R"(<?xml version="1.0" encoding="utf-8"?>
<ApiResponse Status="OK" xmlns="http://api.namecheap.com/xml.response"><Errors /><CommandResponse>)" +
         result + "</CommandResponse></ApiResponse>";
}

std::string zone_of(const std::string& hosts) {
  return answered(R"(<DomainDNSGetHostsResult Domain="example.com" EmailType="MX" IsUsingOurDNS="true">)" +
                  hosts + "</DomainDNSGetHostsResult>");
}

constexpr const char* foreign =
    R"(<host HostId="12" Name="@" Type="A" Address="192.0.2.1" MXPref="10" TTL="1800" IsActive="true" />
       <host HostId="13" Name="go" Type="URL" Address="https://a.test/?x=1&amp;y=2" MXPref="10" TTL="300" />
       <host HostId="14" Name="_acme-challenge.www" Type="TXT" Address="foreign" MXPref="10" TTL="1799" />)";
const std::string foreign_fields =
    "&EmailType=MX"
    "&HostName1=%40&RecordType1=A&Address1=192.0.2.1&MXPref1=10&TTL1=1800"
    "&HostName2=go&RecordType2=URL&Address2=https%3A%2F%2Fa.test%2F%3Fx%3D1%26y%3D2&MXPref2=10&TTL2=300"
    "&HostName3=_acme-challenge.www&RecordType3=TXT&Address3=foreign&MXPref3=10&TTL3=1799";
const std::string own =
    R"(<host HostId="15" Name="_acme-challenge.www" Type="TXT" MXPref="10" TTL="120" Address=")" +
    std::string(first_value) + R"(" />)";

std::string own_fields(int number, std::string_view value) {
  const std::string at = std::to_string(number);
  return "&HostName" + at + "=_acme-challenge.www&RecordType" + at + "=TXT&Address" + at + "=" +
         std::string(value) + "&MXPref" + at + "=10&TTL" + at + "=120";
}

exchange get_hosts(std::string hosts) {
  return {"GET", std::string("?Command=namecheap.domains.dns.getHosts&SLD=example&TLD=com") + account, "",
          200, zone_of(hosts)};
}
exchange set_hosts(const std::string& fields) {
  return {"POST", "", "Command=namecheap.domains.dns.setHosts&SLD=example&TLD=com" + fields + account, 200,
          answered(R"(<DomainDNSSetHostsResult Domain="example.com" IsSuccess="true" />)")};
}

vendor_script script() {
  return {
      .provider = "namecheap",
      .options = {{"api_user", "me"}, {"api_key", "nc-secret-key"}, {"client_ip", "192.0.2.7"}},
      .present = {get_hosts(foreign), set_hosts(foreign_fields + own_fields(4, first_value))},
      .clean_up = {get_hosts(foreign + own), set_hosts(foreign_fields)},
  };
}

TEST(namecheap, writes_the_zone_back_with_its_value_and_without) { check_vendor(script()); }

TEST(namecheap, keeps_two_values_at_one_name) {
  vendor_play play(script());
  EXPECT_TRUE(play.present(
      {get_hosts(own), set_hosts("&EmailType=MX" + own_fields(1, first_value) + own_fields(2, second_value))},
      make_record(second_value)));
}

TEST(namecheap, writes_nothing_when_nothing_changes) {
  vendor_play play(script());
  EXPECT_TRUE(play.present({get_hosts(foreign + own)}));
  EXPECT_TRUE(play.clean_up({get_hosts(foreign)}));
}

TEST(namecheap, asks_for_its_own_address_once) {
  vendor_script without = script();
  without.options.erase("client_ip");
  vendor_play play(without);
  const exchange address{"GET", "https://dynamicdns.park-your-domain.com/getip", "", 200, "192.0.2.7\n"};
  std::vector<exchange> expected = script().present;
  expected.insert(expected.begin(), address);
  EXPECT_TRUE(play.present(expected));
  EXPECT_TRUE(play.clean_up(script().clean_up));
  ASSERT_FALSE(play.requests().empty());
  EXPECT_EQ(play.requests().front().url.find("nc-secret-key"), std::string::npos);
}

TEST(namecheap, splits_the_zone_behind_its_first_label) {
  vendor_script british = script();
  british.zone = "example.co.uk";
  vendor_play play(british);
  exchange read = get_hosts(foreign + own);
  read.url = std::string("?Command=namecheap.domains.dns.getHosts&SLD=example&TLD=co.uk") + account;
  dnsproviders::challenge_record record = make_record();
  record.fqdn = "_acme-challenge.www.example.co.uk";
  EXPECT_TRUE(play.present({read}, record));
}

TEST(namecheap, never_writes_over_a_zone_that_it_could_not_read) {
  for (const std::string& strange :
       {answered(""), answered(R"(<DomainDNSGetHostsResult IsUsingOurDNS="false" />)"),
        std::string("<html>please wait</html>"), std::string()}) {
    vendor_play play(script());
    exchange read = script().present.front();
    read.answer = strange;
    EXPECT_FALSE(play.present({read})) << strange;
  }
}

TEST(namecheap, says_what_the_vendor_said) {
  vendor_play play(script());
  exchange read = script().present.front();
  read.answer = R"(<ApiResponse Status="ERROR"><Errors>
    <Error Number="1011102">API Key is invalid or API access has not been enabled</Error></Errors></ApiResponse>)";
  auto outcome = play.present({read});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "namecheap: the vendor answered 200: 1011102 API Key is invalid or API access has not been "
            "enabled");
  std::vector<exchange> expected = script().present;
  expected.back().answer = answered(R"(<DomainDNSSetHostsResult Domain="example.com" IsSuccess="false" />)");
  outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "namecheap: the vendor answered 200: the hosts were not set");
}

TEST(namecheap, goes_to_the_sandbox_when_told_to) {
  vendor_script test_system = script();
  test_system.options.insert({{"sandbox", "true"}, {"api_url", ""}});
  test_system.api_url = "https://api.sandbox.namecheap.com/xml.response";
  vendor_play play(test_system);
  EXPECT_TRUE(play.present(script().present));
}

}  // namespace
}  // namespace cardea::test_support
