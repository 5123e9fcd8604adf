#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

const std::string name = "_acme-challenge.home.freemyip.com";
const std::string set = "/update?token=freemyip-secret&domain=" + name +
                        "&txt=LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo&verbose=yes";
const std::string clear = "/update?token=freemyip-secret&domain=" + name + "&txt=null&verbose=yes";

dnsproviders::challenge_record record() {
  auto out = make_record();
  out.fqdn = name;
  return out;
}

vendor_script script() {
  return {.provider = "freemyip",
          .options = {{"token", "freemyip-secret"}},
          .present = {{"GET", set, "", 200, "OK\nTXT record was set\n"}},
          .clean_up = {{"GET", clear, "", 200, "OK\n"}}};
}

TEST(freemyip, sets_and_clears_the_value_of_its_name) {
  vendor_play play(script());
  EXPECT_TRUE(play.present(script().present, record()));
  EXPECT_TRUE(play.clean_up(script().clean_up, record()));
}

TEST(freemyip, says_what_the_vendor_said) {
  vendor_play play(script());
  const auto outcome = play.present({{"GET", set, "", 200, "ERROR\nwrong token freemyip-secret"}}, record());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "freemyip: the vendor answered 200: ERROR wrong token ***");
}

TEST(freemyip, waits_as_long_as_the_vendor_says) {
  vendor_play play(script());
  exchange busy{"GET", set, "", 429, ""};
  busy.answer_headers = {{"Retry-After", "7"}};
  EXPECT_TRUE(play.present({busy, script().present[0]}, record()));
  EXPECT_EQ(play.sleeps(), std::vector<double>{7.0});
}

TEST(freemyip, serves_no_names_but_its_own) {
  vendor_play play(script());
  const auto outcome = play.present({});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "freemyip: _acme-challenge.www.example.com is not below freemyip.com; let a CNAME of it lead to "
            "your name there");
}

}  // namespace
}  // namespace cardea::test_support
