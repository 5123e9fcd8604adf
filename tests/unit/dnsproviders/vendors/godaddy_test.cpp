#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* path = "/v1/domains/example.com/records/TXT/_acme-challenge.www";
constexpr const char* own =
    R"([{"type":"TXT","name":"_acme-challenge.www","data":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl":600}])";

vendor_script script() {
  return {
      .provider = "godaddy",
      .options = {{"api_key", "godaddy-key"}, {"api_secret", "godaddy-hush"}},
      .headers = {{"Authorization", "sso-key godaddy-key:godaddy-hush"}},
      .present = {{"GET", path, "", 200, "[]"}, {"PUT", path, own, 200, ""}},
      .clean_up = {{"GET", path, "", 200,
                    R"([{"type":"TXT","name":"_acme-challenge.www","data":"foreign","ttl":3600},
                        {"type":"TXT","name":"_acme-challenge.www",
                         "data":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl":600}])"},
                   {"PUT", path,
                    R"([{"type":"TXT","name":"_acme-challenge.www","data":"foreign","ttl":3600}])", 200, ""}},
  };
}

TEST(godaddy, merges_its_record_and_takes_it_out) { check_vendor(script()); }

TEST(godaddy, keeps_other_values_and_drops_empty_ones) {
  vendor_play play(script());
  const exchange read{"GET", path, "", 200,
                      R"([{"type":"TXT","name":"_acme-challenge.www","data":" ","ttl":600},
                          {"type":"TXT","name":"_acme-challenge.www","data":"","ttl":600},
                          {"type":"TXT","name":"_acme-challenge.www",
                           "data":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl":900}])"};
  const exchange both{"PUT", path,
                      R"([{"type":"TXT","name":"_acme-challenge.www",
                           "data":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl":900},
                          {"type":"TXT","name":"_acme-challenge.www",
                           "data":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE","ttl":600}])",
                      200, ""};
  EXPECT_TRUE(play.present({read, both}, make_record(second_value)));
}

TEST(godaddy, removes_the_set_with_its_last_value) {
  vendor_play play(script());
  EXPECT_TRUE(play.clean_up({{"GET", path, "", 200, own}, {"DELETE", path, "", 204, ""}}));
  EXPECT_TRUE(play.clean_up({{"GET", path, "", 200, own}, {"DELETE", path, "", 404, ""}}));
  EXPECT_TRUE(play.clean_up({{"GET", path, "", 200, "[]"}}));
}

TEST(godaddy, says_who_may_use_the_interface) {
  vendor_play play(script());
  const auto outcome =
      play.present({{"GET", path, "", 403,
                     R"({"code":"ACCESS_DENIED","message":"Authenticated user is not allowed access"})"}});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(
      outcome.error().message(),
      "godaddy: the vendor answered 403: ACCESS_DENIED; Authenticated user is not allowed access (GoDaddy "
      "opens its DNS API only to accounts with ten or more domains or a Discount Domain Club)");
}

TEST(godaddy, refuses_a_ttl_below_the_minimum) {
  EXPECT_EQ(refusal_of_options("godaddy", {{"api_key", "k"}, {"api_secret", "s"}, {"ttl", "599"}}),
            "godaddy: option 'ttl' is not a number from 600 to 604800");
}

}  // namespace
}  // namespace cardea::test_support
