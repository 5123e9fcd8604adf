#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  return {
      .provider = "vercel",
      .options = {{"auth_token", "vercel-token-secret"}, {"team_id", "team_1"}},
      .headers = {{"Authorization", "Bearer vercel-token-secret"}},
      .present =
          {{"GET", "/v4/domains/example.com/records?limit=100&teamId=team_1", "", 200,
            R"({"records":[],"pagination":{"count":0,"next":null}})"},
           {"POST", "/v2/domains/example.com/records?teamId=team_1",
            R"({"name":"_acme-challenge.www","type":"TXT","value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl":60})",
            200, R"({"uid":"rec_2"})"}},
      .clean_up =
          {{"GET", "/v4/domains/example.com/records?limit=100&teamId=team_1", "", 200,
            R"({"records":[{"id":"rec_1","name":"_acme-challenge.www","type":"TXT","value":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"}],"pagination":{"next":1540095775951}})"},
           {"GET", "/v4/domains/example.com/records?limit=100&until=1540095775951&teamId=team_1", "", 200,
            R"({"records":[{"id":"rec_2","name":"_acme-challenge.www","type":"TXT","value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}],"pagination":{"next":null}})"},
           {"DELETE", "/v2/domains/example.com/records/rec_2?teamId=team_1", "", 200, "{}"}},
  };
}

TEST(vercel, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(vercel, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(2);
  expected.back().status = 403;
  expected.back().answer = R"({"error":{"code":"forbidden","message":"Not authorized"}})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "vercel: the vendor answered 403: forbidden; Not authorized");
}

}  // namespace
}  // namespace cardea::test_support
