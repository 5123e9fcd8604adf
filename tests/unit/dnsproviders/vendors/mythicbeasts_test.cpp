#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  return {
      .provider = "mythicbeasts",
      .options = {{"username", "key-id"}, {"password", "mythic-secret"}},
      .headers = {},
      .present =
          {{"POST", "https://auth.mythic-beasts.com/login", "grant_type=client_credentials", 200,
            R"({"access_token":"mythic-token","expires_in":300,"token_type":"bearer"})"},
           {"POST", "/zones/example.com/records/_acme-challenge.www/TXT",
            R"({"records":[{"host":"_acme-challenge.www","ttl":120,"type":"TXT","data":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]})",
            200, R"({"records_added":1})"}},
      .clean_up = {{"DELETE",
                    "/zones/example.com/records/_acme-challenge.www/"
                    "TXT?data=LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo",
                    "", 200, R"({"records_removed":1})"}},
      .verify =
          [](const base::fetch_request& got) {
            const bool is_login = got.url == "https://auth.mythic-beasts.com/login";
            EXPECT_EQ(got.headers.back().name, "Authorization");
            EXPECT_EQ(got.headers.back().value,
                      is_login ? "Basic a2V5LWlkOm15dGhpYy1zZWNyZXQ=" : "Bearer mythic-token");
          },
  };
}

TEST(mythicbeasts, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(mythicbeasts, logs_in_anew_when_its_token_is_refused) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  exchange refused = expected.back();
  refused.status = 401;
  expected.insert(expected.begin() + 1, {refused, expected.front()});
  EXPECT_TRUE(play.present(expected));
}

TEST(mythicbeasts, tells_a_refused_login) {
  vendor_play play(script());
  exchange login = script().present.front();
  login.status = 403;
  login.answer = R"({"error":"invalid_client","error_description":"Unknown key"})";
  const auto outcome = play.present({login});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "mythicbeasts: login: the vendor answered 403: invalid_client; Unknown key");
}

}  // namespace
}  // namespace cardea::test_support
