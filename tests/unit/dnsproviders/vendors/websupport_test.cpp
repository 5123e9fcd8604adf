#include "tests/support/vendor_script.hpp"

#include "base/crypto.hpp"
#include "base/text.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

void is_signed(const base::fetch_request& got) {
  std::string path = got.url.substr(std::string("https://api.vendor.test").size());
  path.resize(std::min(path.find('?'), path.size()));
  const std::string mac =
      base::hex(base::hmac(base::digest::sha1, "ws-secret-secret", got.method + " " + path + " 1767323045"));
  EXPECT_EQ(got.headers.back().value, "Basic " + base::base64("ws-api-key:" + mac));
}

const exchange zones{"GET", "/v1/user/self/service", "", 200,
                     R"({"items":[{"id":1,"serviceName":"hosting","name":"www.example.com"},
                                  {"id":42,"serviceName":"domain","name":"example.com"}],
                         "pager":{"page":1,"pagesize":10,"items":2}})"};
constexpr const char* listed = "/v2/service/42/dns/record?page=1&rowsPerPage=100";
const exchange none{"GET", listed, "", 200, R"({"data":[],"currentPage":1,"totalPages":1})"};
const exchange add{"POST", "/v2/service/42/dns/record",
                   R"({"type":"TXT","name":"_acme-challenge.www","ttl":120,
                       "content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"})",
                   204, ""};

vendor_script script() {
  return {
      .provider = "websupport",
      .options = {{"api_key", "ws-api-key"}, {"secret", "ws-secret-secret"}},
      .headers = {{"Date", "2026-01-02T03:04:05Z"},
                  {"Accept", "application/json"},
                  {"Accept-Language", "en_us"}},
      .present = {zones, none, add},
      .clean_up = {{"GET", listed, "", 200,
                    R"({"currentPage":1,"totalPages":1,"data":[
                       {"id":1,"type":"TXT","name":"_acme-challenge.www.example.com","content":"foreign"},
                       {"id":2,"type":"TXT","name":"www.example.com",
                        "content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"},
                       {"id":3,"type":"TXT","name":"_acme-challenge.www.example.com",
                        "content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]})"},
                   {"DELETE", "/v2/service/42/dns/record/3", "", 204, ""}},
      .verify = is_signed,
  };
}

TEST(websupport, adds_a_record_and_removes_just_that) { check_vendor(script()); }

TEST(websupport, keeps_two_values_at_one_name) {
  vendor_play play(script());
  exchange second = add;
  second.body.replace(second.body.find(first_value), first_value.size(), second_value);
  EXPECT_TRUE(play.present({zones, script().clean_up.front(), second}, make_record(second_value)));
  EXPECT_TRUE(play.clean_up({none}, make_record(second_value))) << "what is not there is removed";
}

TEST(websupport, looks_at_every_part_of_its_lists) {
  vendor_play play(script());
  exchange first_zones = zones;
  first_zones.answer = R"({"items":[],"pager":{"page":1,"pagesize":10,"items":11}})";
  exchange second_zones = zones;
  second_zones.url = "/v1/user/self/service?page=2";
  second_zones.answer = R"({"items":[{"id":42,"serviceName":"domain","name":"example.com"}],
                            "pager":{"page":2,"pagesize":10,"items":11}})";
  exchange first = none;
  first.answer = R"({"data":[],"currentPage":1,"totalPages":2})";
  exchange second = script().clean_up.front();
  second.url = "/v2/service/42/dns/record?page=2&rowsPerPage=100";
  EXPECT_TRUE(play.present({first_zones, second_zones, first, second}));
}

TEST(websupport, says_what_is_wrong_with_each_field) {
  vendor_play play(script());
  exchange refused = add;
  refused.status = 422;
  refused.answer = R"({"type":"x","status":422,"title":"Validation failed",
                       "violations":[{"propertyPath":"ttl","errors":["too low","below 60"]}]})";
  const auto outcome = play.present({zones, none, refused});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "websupport: the vendor answered 422: ttl: too low below 60");
}

TEST(websupport, says_what_the_vendor_said) {
  vendor_play play(script());
  exchange refused = zones;
  refused.status = 401;
  refused.answer = R"({"code":401,"message":"Incorrect api key or signature"})";
  const auto outcome = play.present({refused});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "websupport: the vendor answered 401: 401; Incorrect api key or signature");
}

TEST(websupport, names_the_record_when_no_domain_of_the_account_holds_it) {
  vendor_play play(script());
  exchange nothing = zones;
  nothing.answer = R"({"items":[{"id":1,"serviceName":"hosting","name":"example.com"}]})";
  std::vector<exchange> expected{nothing};
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "websupport: no zone of the account holds _acme-challenge.www.example.com");
}

}  // namespace
}  // namespace cardea::test_support
