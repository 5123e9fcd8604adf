#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  return {
      .provider = "namesilo",
      .options = {{"api_key", "namesilo-key-secret"}},
      .headers = {},
      .present =
          {{"GET", "/dnsListRecords?version=1&type=xml&key=namesilo-key-secret&domain=example.com", "", 200,
            "<namesilo><request><operation>x</operation></request><reply><code>300</code><detail>success</"
            "detail></reply></namesilo>"},
           {"GET",
            "/dnsAddRecord?version=1&type=xml&key=namesilo-key-secret&domain=example.com&rrtype=TXT&rrhost=_"
            "acme-challenge.www&rrvalue=LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo&rrttl=3600&rrdistance=0",
            "", 200,
            "<namesilo><request><operation>x</operation></request><reply><code>300</code><detail>success</"
            "detail><record_id>1a2b</record_id></reply></namesilo>"}},
      .clean_up =
          {{"GET", "/dnsListRecords?version=1&type=xml&key=namesilo-key-secret&domain=example.com", "", 200,
            "<namesilo><request><operation>x</operation></request><reply><code>300</code><detail>success</"
            "detail><resource_record><record_id>0f</record_id><type>TXT</"
            "type><host>_acme-challenge.www.example.com</"
            "host><value>xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE</value></"
            "resource_record><resource_record><record_id>1a2b</record_id><type>TXT</"
            "type><host>_acme-challenge.www.example.com</"
            "host><value>LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo</value></resource_record></reply></"
            "namesilo>"},
           {"GET", "/dnsDeleteRecord?version=1&type=xml&key=namesilo-key-secret&domain=example.com&rrid=1a2b",
            "", 200,
            "<namesilo><request><operation>x</operation></request><reply><code>300</code><detail>success</"
            "detail></reply></namesilo>"}},
  };
}

TEST(namesilo, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(namesilo, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(1);
  expected.back().status = 200;
  expected.back().answer =
      "<namesilo><reply><code>110</code><detail>Invalid API key</detail></reply></namesilo>";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "namesilo: the vendor answered 200: 110 Invalid API key");
}

}  // namespace
}  // namespace cardea::test_support
