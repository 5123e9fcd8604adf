#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* list = "/zones/records/all/example.com?format=json";

vendor_script script() {
  return {
      .provider = "easydns",
      .options = {{"token", "easydns-token"}, {"key", "easydns-key"}},
      // printf easydns-token:easydns-key | base64
      .headers = {{"Authorization", "Basic ZWFzeWRucy10b2tlbjplYXN5ZG5zLWtleQ=="},
                  {"Accept", "application/json"}},
      .present =
          {{"GET", list, "", 200, R"({"data":[],"count":0,"total":0,"start":0,"max":1000,"status":200})"},
           {"PUT", "/zones/records/add/example.com/TXT?format=json",
            R"({"domain":"example.com","host":"_acme-challenge.www","ttl":"120","prio":"0","type":"TXT","rdata":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"})",
            201, R"({"msg":"OK","data":{"id":"60898922"},"status":201})"}},
      .clean_up =
          {{"GET", list, "", 200,
            R"({"data":[{"id":"1","host":"_acme-challenge.www","type":"TXT","rdata":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"}],
                        "count":1,"total":2,"start":0,"max":1})"},
           {"GET", "/zones/records/all/example.com?format=json&start=1", "", 200,
            R"({"data":[{"id":"60898922","host":"_acme-challenge.www","type":"TXT","rdata":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}],
                        "count":1,"total":2,"start":1,"max":1})"},
           {"DELETE", "/zones/records/example.com/60898922?format=json", "", 200, ""}},
  };
}

TEST(easydns, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(easydns, comes_again_when_it_is_told_to_be_calm) {
  vendor_play play(script());
  exchange busy = script().present[0];
  busy.status = 420;
  busy.answer = R"({"error":{"code":420,"message":"Enhance Your Calm"}})";
  EXPECT_TRUE(play.present({busy, script().present[0], script().present[1]}));
}

TEST(easydns, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.back().status = 200;
  expected.back().answer = R"({"error":{"code":406,"message":"Provided record is invalid"}})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "easydns: the vendor answered 200: Provided record is invalid");
}

}  // namespace
}  // namespace cardea::test_support
