#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* list = "/v1/zones/z-1?suffix=_acme-challenge.www.example.com&recordType=TXT";

vendor_script script() {
  return {
      .provider = "ionos",
      .options = {{"api_key", "public.secret-part"}},
      .headers = {{"X-Api-Key", "public.secret-part"}},
      .present =
          {{"GET", "/v1/zones", "", 200,
            R"([{"id":"z-0","name":"ample.com"},{"id":"z-1","name":"example.com"},{"id":"z-2","name":"com"}])"},
           {"GET", list, "", 200, R"({"id":"z-1","name":"example.com","records":[]})"},
           {"POST", "/v1/zones/z-1/records",
            R"([{"name":"_acme-challenge.www.example.com","type":"TXT","content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl":300}])",
            201, R"([{"id":"r-1"}])"}},
      .clean_up =
          {{"GET", list, "", 200,
            R"({"records":[{"id":"r-0","name":"_acme-challenge.www.example.com","content":"\"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE\""},
                        {"id":"r-2","name":"a._acme-challenge.www.example.com","content":"\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""},
                        {"id":"r-1","name":"_acme-challenge.www.example.com","content":"\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""}]})"},
           {"DELETE", "/v1/zones/z-1/records/r-1", "", 200, ""}},
  };
}

TEST(ionos, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(ionos, uses_the_longest_zone_that_holds_the_name) {
  vendor_play play(script());
  exchange zones = script().present[0];
  zones.answer = R"([{"id":"z-1","name":"example.com"},{"id":"z-3","name":"www.example.com"}])";
  const std::string at_sub = "/v1/zones/z-3?suffix=_acme-challenge.www.example.com&recordType=TXT";
  exchange write = script().present[2];
  write.url = "/v1/zones/z-3/records";
  EXPECT_TRUE(play.present({zones, {"GET", at_sub, "", 200, R"({"records":[]})"}, write}));
}

TEST(ionos, has_a_ttl_of_300_at_least) {
  EXPECT_EQ(refusal_of_options("ionos", {{"api_key", "a.b"}, {"ttl", "299"}}),
            "ionos: option 'ttl' is not a number from 300 to 604800");
}

TEST(ionos, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(1);
  expected.back().status = 401;
  expected.back().answer = R"([{"code":"UNAUTHORIZED","message":"The customer is not authorized."}])";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "ionos: the vendor answered 401: UNAUTHORIZED; The customer is not authorized.");
}

}  // namespace
}  // namespace cardea::test_support
