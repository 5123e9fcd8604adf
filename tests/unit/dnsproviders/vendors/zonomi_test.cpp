#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  return {
      .provider = "zonomi",
      .options = {{"api_key", "zonomi-key-secret"}},
      .headers = {},
      .present =
          {{"GET",
            "/dyndns.jsp?api_key=zonomi-key-secret&action=QUERY&name=_acme-challenge.www.example.com&type="
            "TXT",
            "", 200,
            R"(<dnsapi_result><is_ok>OK:</is_ok><actions><action><record type="TXT" name="_acme-challenge.www.example.com" content="xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE" ttl="3600 seconds"/></action></actions></dnsapi_result>)"},
           {"GET",
            "/dyndns.jsp?api_key=zonomi-key-secret&action%5B0%5D=SET&name%5B0%5D=_acme-challenge.www.example."
            "com&type%5B0%5D=TXT&value%5B0%5D=xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE&ttl%5B0%5D=3600&"
            "action%5B1%5D=SET&name%5B1%5D=_acme-challenge.www.example.com&type%5B1%5D=TXT&value%5B1%5D="
            "LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo&ttl%5B1%5D=3600",
            "", 200,
            "<dnsapi_result><is_ok>OK:</is_ok><actions><action></action></actions></dnsapi_result>"}},
      .clean_up =
          {{"GET",
            "/dyndns.jsp?api_key=zonomi-key-secret&action=QUERY&name=_acme-challenge.www.example.com&type="
            "TXT",
            "", 200,
            R"(<dnsapi_result><is_ok>OK:</is_ok><actions><action><record type="TXT" name="_acme-challenge.www.example.com" content="xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE" ttl="3600 seconds"/><record type="TXT" name="_acme-challenge.www.example.com" content="LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo" ttl="3600 seconds"/></action></actions></dnsapi_result>)"},
           {"GET",
            "/dyndns.jsp?api_key=zonomi-key-secret&action=DELETE&name=_acme-challenge.www.example.com&type="
            "TXT&value=LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo",
            "", 200,
            "<dnsapi_result><is_ok>OK:</is_ok><actions><action></action></actions></dnsapi_result>"}},
  };
}

TEST(zonomi, names_all_values_in_one_request_and_deletes_one) { check_vendor(script()); }

TEST(zonomi, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(1);
  expected.front().status = 200;
  expected.back().status = 200;
  expected.back().answer = "<error>ERROR: No zone found for that name.</error>";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "zonomi: the vendor answered 200: ERROR: No zone found for that name.");
}

}  // namespace
}  // namespace cardea::test_support
