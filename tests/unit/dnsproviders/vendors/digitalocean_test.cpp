#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* list =
    "/v2/domains/example.com/records?type=TXT&name=_acme-challenge.www.example.com&per_page=200";

vendor_script script() {
  return {
      .provider = "digitalocean",
      .options = {{"auth_token", "dop_v1_secret"}},
      .headers = {{"Authorization", "Bearer dop_v1_secret"}},
      .present = {{"GET", list, "", 200, R"({"domain_records":[],"links":{},"meta":{"total":0}})"},
                  {"POST", "/v2/domains/example.com/records",
                   R"({"type":"TXT","name":"_acme-challenge.www.example.com.",
                       "data":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl":30})",
                   201, R"({"domain_record":{"id":28448433}})"}},
      .clean_up = {{"GET", list, "", 200,
                    R"({"domain_records":[{"id":1,"data":"of somebody else"},
                        {"id":28448433,"data":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"},
                        {"id":28448434,"data":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"}]})"},
                   {"DELETE", "/v2/domains/example.com/records/28448433", "", 204, ""}},
  };
}

TEST(digitalocean, adds_a_record_and_removes_just_that) { check_vendor(script()); }

TEST(digitalocean, adds_nothing_that_is_there_and_removes_nothing_that_is_not) {
  vendor_play play(script());
  EXPECT_TRUE(play.present({script().clean_up.front()}));
  EXPECT_TRUE(play.clean_up({script().present.front()}));
}

TEST(digitalocean, looks_at_every_part_of_a_list) {
  vendor_play play(script());
  exchange first = script().present.front();
  first.answer =
      R"({"domain_records":[],"links":{"pages":{"next":"https://api.vendor.test/base/v2/more?page=2"}}})";
  exchange second = script().clean_up.front();
  second.url = "https://api.vendor.test/base/v2/more?page=2";
  EXPECT_TRUE(play.present({first, second}));
}

TEST(digitalocean, does_not_take_its_token_to_another_server) {
  vendor_play play(script());
  exchange first = script().present.front();
  first.answer =
      R"({"domain_records":[],"links":{"pages":{"next":"https://api.vendor.test.evil.test/more"}}})";
  EXPECT_FALSE(play.present({first}));
}

TEST(digitalocean, writes_into_the_zone_that_the_dns_names) {
  vendor_script below = script();
  below.zone = "www.example.com";
  vendor_play play(below);
  std::vector<exchange> expected = script().present;
  for (exchange& each : expected) each.url.replace(each.url.find("example.com"), 11, "www.example.com");
  EXPECT_TRUE(play.present(expected));
}

TEST(digitalocean, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.back().status = 422;
  expected.back().answer = R"({"id":"unprocessable_entity","message":"Data is too long"})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "digitalocean: the vendor answered 422: Data is too long");
}

}  // namespace
}  // namespace cardea::test_support
