#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* path = "/domains/example.com/records/_acme-challenge.www/TXT";

vendor_script script() {
  return {
      .provider = "gandiv5",
      .options = {{"personal_access_token", "gandi-pat-secret"}},
      .headers = {{"Authorization", "Bearer gandi-pat-secret"}},
      .present = {{"GET", path, "", 404, R"({"code":404,"message":"not found","object":"HTTPNotFound"})"},
                  {"PUT", path,
                   R"({"rrset_ttl":300,"rrset_values":["LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"]})", 201,
                   R"({"message":"DNS Record Created"})"}},
      .clean_up = {{"GET", path, "", 200,
                    R"({"rrset_name":"_acme-challenge.www","rrset_type":"TXT","rrset_ttl":1800,
                        "rrset_values":["\"foreign\"","\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""]})"},
                   {"PUT", path, R"({"rrset_ttl":1800,"rrset_values":["foreign"]})", 201, "{}"}},
  };
}

TEST(gandiv5, merges_its_value_into_the_set_and_takes_it_out) { check_vendor(script()); }

TEST(gandiv5, keeps_two_values_at_one_name_and_removes_the_set_with_the_last) {
  vendor_play play(script());
  const exchange one{
      "GET", path, "", 200,
      R"({"rrset_ttl":300,"rrset_values":["\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""]})"};
  const exchange both{"PUT", path,
                      R"({"rrset_ttl":300,"rrset_values":["LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo",
                          "xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"]})",
                      200, "{}"};
  EXPECT_TRUE(play.present({one, both}, make_record(second_value)));
  EXPECT_TRUE(play.clean_up({one, {"DELETE", path, "", 204, ""}}));
}

TEST(gandiv5, takes_the_former_key_and_the_token_before_it) {
  vendor_script former = script();
  former.options = {{"api_key", "gandi-old-secret"}};
  former.headers = {{"Authorization", "Apikey gandi-old-secret"}};
  check_vendor(former);
  vendor_script both = script();
  both.options["api_key"] = "gandi-old-secret";
  vendor_play play(both);
  EXPECT_TRUE(play.present(both.present));
}

TEST(gandiv5, says_what_the_vendor_said) {
  vendor_play play(script());
  const auto outcome = play.present(
      {{"GET", path, "", 403,
        R"({"object":"HTTPForbidden","cause":"Forbidden","code":403,"message":"Access was denied"})"}});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "gandiv5: the vendor answered 403: 403; Access was denied");
}

TEST(gandiv5, wants_one_of_its_credentials_and_no_short_ttl) {
  EXPECT_EQ(refusal_of_options("gandiv5", {}),
            "gandiv5: option 'personal_access_token' is missing (or the former api_key)");
  EXPECT_EQ(refusal_of_options("gandiv5", {{"api_key", "k"}, {"ttl", "299"}}),
            "gandiv5: option 'ttl' is not a number from 300 to 604800");
}

}  // namespace
}  // namespace cardea::test_support
