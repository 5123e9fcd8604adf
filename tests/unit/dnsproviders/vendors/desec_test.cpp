#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* zones = "/domains/?owns_qname=_acme-challenge.www.example.com";
constexpr const char* set = "/domains/example.com/rrsets/_acme-challenge.www/TXT/";

vendor_script script() {
  return {
      .provider = "desec",
      .options = {{"token", "desec-secret-token"}},
      .headers = {{"Authorization", "Token desec-secret-token"}},
      .present = {{"GET", zones, "", 200, R"([{"name":"example.com","minimum_ttl":7200}])"},
                  {"GET", set, "", 404, R"({"detail":"Not found."})"},
                  {"POST", "/domains/example.com/rrsets/",
                   R"({"subname":"_acme-challenge.www","type":"TXT","ttl":7200,
                       "records":["\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""]})",
                   201, "{}"}},
      .clean_up =
          {{"GET", set, "", 200,
            R"({"records":["\"foreign\"","\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""],"ttl":7200})"},
           {"PATCH", set, R"({"records":["\"foreign\""]})", 200, "{}"}},
  };
}

TEST(desec, merges_its_value_into_the_set_and_takes_it_out) { check_vendor(script()); }

TEST(desec, keeps_two_values_at_one_name) {
  vendor_play play(script());
  ASSERT_TRUE(play.present(script().present));
  const exchange read{"GET", set, "", 200,
                      R"({"records":["\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""]})"};
  const exchange both{"PATCH", set,
                      R"({"records":["\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\"",
                          "\"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE\""]})",
                      200, "{}"};
  EXPECT_TRUE(play.present({read, both}, make_record(second_value)));
}

TEST(desec, removes_the_set_with_its_last_value) {
  vendor_play play(script());
  const exchange read{"GET", set, "", 200,
                      R"({"records":["\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""]})"};
  const exchange gone{"PATCH", set, R"({"records":[]})", 204, ""};
  EXPECT_TRUE(play.clean_up({script().present.front(), read, gone}));
}

TEST(desec, names_the_record_when_no_zone_of_the_account_holds_it) {
  vendor_play play(script());
  std::vector<exchange> nothing;
  for (const char* name : {"_acme-challenge.www.example.com", "www.example.com", "example.com"})
    nothing.push_back({"GET", std::string("/domains/?owns_qname=") + name, "", 200, "[]"});
  const auto outcome = play.present(nothing);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "desec: no zone of the account holds _acme-challenge.www.example.com");
}

}  // namespace
}  // namespace cardea::test_support
