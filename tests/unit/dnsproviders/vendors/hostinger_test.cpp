#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* zone = "/api/dns/v1/zones/example.com";
constexpr const char* done = R"({"message":"Request accepted"})";

vendor_script script() {
  return {
      .provider = "hostinger",
      .options = {{"api_token", "hostinger-secret"}},
      .headers = {{"Authorization", "Bearer hostinger-secret"}},
      .present = {{"GET", zone, "", 200,
                   R"([{"name":"@","type":"A","ttl":50,"records":[{"content":"192.0.2.1"}]}])"},
                  {"PUT", zone,
                   R"({"overwrite":false,"zone":[{"name":"_acme-challenge.www","type":"TXT","ttl":120,
                       "records":[{"content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]}]})",
                   200, done}},
      .clean_up = {{"GET", zone, "", 200,
                    R"([{"name":"_acme-challenge.www","type":"TXT","ttl":600,"records":[
                        {"content":"\"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE\"","is_disabled":false},
                        {"content":"off","is_disabled":true},
                        {"content":"\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\"","is_disabled":false}]}])"},
                   {"PUT", zone,
                    R"({"overwrite":true,"zone":[{"name":"_acme-challenge.www","type":"TXT","ttl":600,
                        "records":[{"content":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"},{"content":"off","is_disabled":true}]}]})",
                    200, done}},
  };
}

TEST(hostinger, adds_its_value_and_keeps_the_others_when_it_goes) { check_vendor(script()); }

TEST(hostinger, deletes_the_set_with_its_last_value) {
  vendor_play play(script());
  EXPECT_TRUE(play.clean_up(
      {{"GET", zone, "", 200,
        R"([{"name":"_acme-challenge.www","type":"TXT","ttl":60,"records":[{"content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]}])"},
       {"DELETE", zone, R"({"filters":[{"name":"_acme-challenge.www","type":"TXT"}]})", 200, done}}));
}

TEST(hostinger, adds_a_second_value_without_the_first) {
  vendor_play play(script());
  exchange read = script().present[0];
  read.answer =
      R"([{"name":"_acme-challenge.www","type":"TXT","ttl":300,"records":[{"content":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"}]}])";
  EXPECT_TRUE(play.present(
      {read,
       {"PUT", zone,
        R"({"overwrite":false,"zone":[{"name":"_acme-challenge.www","type":"TXT","ttl":300,"records":[{"content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]}]})",
        200, done}}));
}

TEST(hostinger, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.back().status = 422;
  expected.back().answer = R"({"message":"The zone is locked","correlation_id":"c-1"})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "hostinger: the vendor answered 422: The zone is locked");
}

}  // namespace
}  // namespace cardea::test_support
