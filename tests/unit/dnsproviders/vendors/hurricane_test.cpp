#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  return {
      .provider = "hurricane",
      .options = {{"credentials", "other.example.com:nothing, www.example.com:hurricane-secret"}},
      .present = {{"POST", "/nic/update",
                   "password=hurricane-secret&hostname=_acme-challenge.www.example.com&txt=LPsIwTo7o8BoG0-"
                   "vjCyGQGBWSVIPxI-i_X336eUOQZo",
                   200, "good LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\n"}},
      .clean_up = {{"POST", "/nic/update",
                    "password=hurricane-secret&hostname=_acme-challenge.www.example.com&txt=.", 200,
                    "good .\n"}},
  };
}

TEST(hurricane, writes_over_the_value_of_its_record) { check_vendor(script()); }

TEST(hurricane, takes_a_value_that_is_there_already) {
  vendor_play play(script());
  exchange same = script().present[0];
  same.answer = "nochg";
  EXPECT_TRUE(play.present({same}));
}

TEST(hurricane, looks_for_the_token_of_the_name_that_a_cname_leads_to) {
  vendor_script led = script();
  led.options["credentials"] = "proof.example.net:hurricane-secret";
  vendor_play play(led);
  auto record = make_record();
  record.fqdn = "proof.example.net";
  EXPECT_TRUE(play.present({{"POST", "/nic/update",
                             "password=hurricane-secret&hostname=proof.example.net&txt=LPsIwTo7o8BoG0-"
                             "vjCyGQGBWSVIPxI-i_X336eUOQZo",
                             200, "good"}},
                           record));
}

TEST(hurricane, comes_again_when_it_was_too_fast) {
  vendor_play play(script());
  exchange busy = script().present[0];
  busy.answer = "interval";
  EXPECT_TRUE(play.present({busy, script().present[0]}));
}

TEST(hurricane, says_that_a_name_has_no_token) {
  vendor_script other = script();
  other.options["credentials"] = "other.example.com:x";
  vendor_play play(other);
  const auto outcome = play.present({});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "hurricane: credentials hold no token for www.example.com");
}

TEST(hurricane, wants_pairs) {
  EXPECT_EQ(refusal_of_options("hurricane", {{"credentials", "just-a-token"}}),
            "hurricane: option 'credentials' holds no pairs of a name and a token, as name:token,name:token");
}

TEST(hurricane, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.back().status = 200;
  expected.back().answer = R"(badauth)";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "hurricane: the vendor answered 200: badauth: the token is not that of the record");
}

}  // namespace
}  // namespace cardea::test_support
