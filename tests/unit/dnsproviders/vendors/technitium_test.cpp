#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  return {
      .provider = "technitium",
      .options = {{"api_token", "technitium-token-secret"}},
      .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
      .present = {{"POST", "/api/zones/records/add",
                   "token=technitium-token-secret&domain=_acme-challenge.www.example.com&type=TXT&text="
                   "LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo&ttl=120",
                   200, R"({"response":{"zone":{"name":"example.com"}},"status":"ok"})"}},
      .clean_up = {{"POST", "/api/zones/records/delete",
                    "token=technitium-token-secret&domain=_acme-challenge.www.example.com&type=TXT&text="
                    "LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo",
                    200, R"({"status":"ok"})"}},
  };
}

TEST(technitium, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(technitium, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(1);
  expected.back().status = 200;
  expected.back().answer =
      R"({"status":"error","errorMessage":"No such zone was found: example.com","stackTrace":"at DnsServerCore"})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "technitium: the vendor answered 200: No such zone was found: example.com");
}

TEST(technitium, takes_a_record_that_is_there_for_success) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.back().answer = R"({"status":"error","errorMessage":"Cannot add record: record already exists."})";
  EXPECT_TRUE(play.present(expected));
}

}  // namespace
}  // namespace cardea::test_support
