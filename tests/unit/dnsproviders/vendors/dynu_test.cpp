#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* list = "/dns/record/_acme-challenge.www.example.com?recordType=TXT";

vendor_script script() {
  return {
      .provider = "dynu",
      .options = {{"api_key", "dynu-secret"}},
      .headers = {{"API-Key", "dynu-secret"}, {"Accept", "application/json"}},
      .present =
          {{"GET", "/dns/getroot/_acme-challenge.www.example.com", "", 200,
            R"({"statusCode":200,"id":9007481,"domainName":"example.com","node":"_acme-challenge.www"})"},
           {"GET", list, "", 200, R"({"statusCode":200,"dnsRecords":[]})"},
           {"POST", "/dns/9007481/record",
            R"({"recordType":"TXT","domainName":"example.com","hostname":"_acme-challenge.www.example.com",
                       "nodeName":"_acme-challenge.www","textData":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","state":true,"ttl":300})",
            200, R"({"statusCode":200,"id":6041417})"}},
      .clean_up = {{"GET", list, "", 200,
                    R"({"statusCode":200,"dnsRecords":[
                        {"id":1,"hostname":"_acme-challenge.www.example.com","textData":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"},
                        {"id":2,"hostname":"other.example.com","textData":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"},
                        {"id":6041417,"hostname":"_acme-challenge.www.example.com","textData":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]})"},
                   {"DELETE", "/dns/9007481/record/6041417", "", 200, R"({"statusCode":200})"}},
  };
}

TEST(dynu, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(dynu, takes_an_answer_without_a_status_of_its_own_for_none) {
  vendor_play play(script());
  exchange odd = script().present[0];
  odd.answer = R"({"id":9007481,"domainName":"example.com"})";
  EXPECT_FALSE(play.present({odd}));
}

TEST(dynu, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.back().status = 200;
  expected.back().answer = R"({"statusCode":501,"type":"Argument Exception","message":"Invalid."})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "dynu: the vendor answered 200: Invalid.");
}

}  // namespace
}  // namespace cardea::test_support
