#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* set = "/zones/example.com/rrsets/_acme-challenge.www/TXT";
constexpr const char* add = "/zones/example.com/rrsets/_acme-challenge.www/TXT/actions/add_records";
constexpr const char* remove = "/zones/example.com/rrsets/_acme-challenge.www/TXT/actions/remove_records";
constexpr const char* records =
    R"({"records":[{"value":"\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""}]})";
constexpr const char* running = R"({"action":{"id":42,"command":"add_rrset_records","status":"running"}})";
constexpr const char* success =
    R"({"action":{"id":42,"command":"add_rrset_records","status":"success","error":null}})";

vendor_script script() {
  return {
      .provider = "hetzner",
      .options = {{"api_token", "hetzner-cloud-secret"}},
      .headers = {{"Authorization", "Bearer hetzner-cloud-secret"}},
      .present = {{"GET", set, "", 404, R"({"error":{"code":"not_found","message":"RRSet not found"}})"},
                  {"POST", add,
                   R"({"ttl":60,"records":[{"value":"\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""}]})",
                   201, running},
                  {"GET", "/actions/42", "", 200, running},
                  {"GET", "/actions/42", "", 200, success}},
      .clean_up = {{"GET", set, "", 200,
                    R"({"rrset":{"ttl":60,"records":[{"value":"\"foreign\""},
                        {"value":"\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""}]}})"},
                   {"POST", remove, records, 201, success}},
  };
}

TEST(hetzner, adds_and_removes_just_its_value_and_waits_for_the_action) { check_vendor(script()); }

TEST(hetzner, leaves_the_ttl_of_a_set_that_is_there) {
  vendor_play play(script());
  const exchange read{
      "GET", set, "", 200,
      R"({"rrset":{"ttl":3600,"records":[{"value":"\"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE\""}]}})"};
  EXPECT_TRUE(play.present({read, {"POST", add, records, 201, success}}));
}

TEST(hetzner, takes_a_value_that_came_meanwhile_for_its_own) {
  vendor_play play(script());
  const exchange twice{"POST", add, script().present[1].body, 409,
                       R"({"error":{"code":"uniqueness_error","message":"value exists"}})"};
  const exchange there{
      "GET", set, "", 200,
      R"({"rrset":{"ttl":60,"records":[{"value":"\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""}]}})"};
  EXPECT_TRUE(play.present({script().present[0], twice, there}));
}

TEST(hetzner, comes_again_while_the_zone_is_locked) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  exchange locked = expected[1];
  locked.status = 423;
  locked.answer = R"({"error":{"code":"locked","message":"another action runs"}})";
  expected.insert(expected.begin() + 1, locked);
  EXPECT_TRUE(play.present(expected));
  ASSERT_EQ(play.sleeps().size(), 2U);
  EXPECT_EQ(play.sleeps().front(), 5.0);
}

TEST(hetzner, says_why_an_action_failed) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.back().answer =
      R"({"action":{"id":42,"status":"error","error":{"code":"action_failed","message":"the zone is broken"}}})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "hetzner: the vendor answered 200: the zone is broken");
}

TEST(hetzner, does_not_wait_for_an_action_longer_than_for_propagation) {
  vendor_script impatient = script();
  impatient.options["propagation_timeout"] = "4";
  vendor_play play(impatient);
  std::vector<exchange> expected = script().present;
  expected.resize(2);
  expected.insert(expected.end(), 3, script().present[2]);
  EXPECT_FALSE(play.present(expected));
}

TEST(hetzner, says_what_the_vendor_said) {
  vendor_play play(script());
  const exchange refused{"GET", set, "", 403, R"({"error":{"code":"forbidden","message":"no permission"}})"};
  const auto outcome = play.present({refused});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "hetzner: the vendor answered 403: forbidden; no permission");
}

constexpr const char* console_list = "/records?zone_id=Zk1&per_page=100&page=1";

vendor_script console_script() {
  const exchange nothing{"GET", "/zones?name=_acme-challenge.www.example.com", "", 404,
                         R"({"error":{"message":"zone not found","code":404}})"};
  exchange parent = nothing;
  parent.url = "/zones?name=www.example.com";
  return {
      .provider = "hetzner",
      .options = {{"api_key", "old-console-secret"}},
      .headers = {{"Auth-API-Token", "old-console-secret"}},
      .present = {nothing,
                  parent,
                  {"GET", "/zones?name=example.com", "", 200,
                   R"({"zones":[{"id":"Zk1","name":"example.com"}]})"},
                  {"GET", console_list, "", 200,
                   R"({"records":[],"meta":{"pagination":{"page":1,"last_page":1}}})"},
                  {"POST", "/records",
                   R"({"zone_id":"Zk1","type":"TXT","name":"_acme-challenge.www",
                       "value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl":60})",
                   200, R"({"record":{"id":"r1"}})"}},
      .clean_up = {{"GET", console_list, "", 200,
                    R"({"records":[{"id":"r0","type":"TXT","name":"_acme-challenge.www","value":"foreign"},
                        {"id":"r7","type":"TXT","name":"other","value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}],
                        "meta":{"pagination":{"page":1,"last_page":2}}})"},
                   {"GET", "/records?zone_id=Zk1&per_page=100&page=2", "", 200,
                    R"({"records":[{"id":"r1","type":"TXT","name":"_acme-challenge.www",
                        "value":"\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""}],
                        "meta":{"pagination":{"page":2,"last_page":2}}})"},
                   {"DELETE", "/records/r1", "", 200, ""}},
  };
}

TEST(hetzner, writes_single_records_with_a_key_of_the_old_console) { check_vendor(console_script()); }

TEST(hetzner, takes_the_token_when_both_credentials_are_there) {
  vendor_script both = script();
  both.options["api_key"] = "old-console-secret";
  vendor_play play(both);
  EXPECT_TRUE(play.present(both.present));
}

TEST(hetzner, wants_one_of_its_credentials) {
  EXPECT_EQ(refusal_of_options("hetzner", {}),
            "hetzner: option 'api_token' is missing (or api_key for the old DNS Console)");
}

}  // namespace
}  // namespace cardea::test_support
