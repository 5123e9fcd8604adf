#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  return {
      .provider = "spaceship",
      .options = {{"api_key", "ship-key-secret"}, {"api_secret", "ship-secret-secret"}},
      .headers = {{"X-Api-Key", "ship-key-secret"}, {"X-Api-Secret", "ship-secret-secret"}},
      .present =
          {{"PUT", "/dns/records/example.com",
            R"({"items":[{"type":"TXT","name":"_acme-challenge.www","value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl":120}]})",
            204, ""}},
      .clean_up =
          {{"DELETE", "/dns/records/example.com",
            R"([{"type":"TXT","name":"_acme-challenge.www","value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}])",
            204, ""}},
  };
}

TEST(spaceship, merges_one_value_and_removes_it_by_name) { check_vendor(script()); }

TEST(spaceship, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(1);
  expected.back().status = 422;
  expected.back().answer = R"({"detail":"The provided data is invalid","data":[]})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "spaceship: the vendor answered 422: The provided data is invalid");
}

}  // namespace
}  // namespace cardea::test_support
