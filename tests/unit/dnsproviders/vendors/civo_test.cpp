#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* records = "/dns/z-1/records?region=LON1";

vendor_script script() {
  return {
      .provider = "civo",
      .options = {{"token", "civo-secret"}},
      .headers = {{"Authorization", "Bearer civo-secret"}},
      .present =
          {{"GET", "/dns?region=LON1", "", 200,
            R"([{"id":"z-0","name":"ample.com","account_id":null},{"id":"z-1","name":"example.com"}])"},
           {"GET", records, "", 200, "[]"},
           {"POST", "/dns/z-1/records",
            R"({"name":"_acme-challenge.www","value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","type":"TXT","ttl":600})",
            200, R"({"id":"r-1"})"}},
      .clean_up =
          {{"GET", records, "", 200,
            R"([{"id":"r-0","name":"_acme-challenge.www","type":"txt","value":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"},
                        {"id":"r-2","name":"_acme-challenge.www","type":"cname","value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"},
                        {"id":"r-1","name":"_acme-challenge.www","type":"txt","value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}])"},
           {"DELETE", "/dns/z-1/records/r-1?region=LON1", "", 200, R"({"result":"success"})"}},
  };
}

TEST(civo, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(civo, has_nothing_to_remove_when_only_foreign_values_are_there) {
  vendor_play play(script());
  EXPECT_TRUE(play.clean_up(
      {script().present[0],
       {"GET", records, "", 200,
        R"([{"id":"r-0","name":"_acme-challenge.www","type":"txt","value":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"}])"}}));
}

TEST(civo, has_a_ttl_of_600_at_least) {
  EXPECT_EQ(refusal_of_options("civo", {{"token", "t"}, {"ttl", "120"}}),
            "civo: option 'ttl' is not a number from 600 to 604800");
}

TEST(civo, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.back().status = 400;
  expected.back().answer =
      R"({"code":"database_dns_record_create_error","reason":"Failed to create the record"})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "civo: the vendor answered 400: database_dns_record_create_error; Failed to create the record");
}

}  // namespace
}  // namespace cardea::test_support
