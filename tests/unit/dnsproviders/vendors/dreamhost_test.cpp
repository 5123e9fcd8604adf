#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* add =
    "/?key=dreamhost-secret&cmd=dns-add_record&format=json&record=_acme-challenge.www.example.com&type=TXT&"
    "value=LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo";
constexpr const char* remove =
    "/?key=dreamhost-secret&cmd=dns-remove_record&format=json&record=_acme-challenge.www.example.com&type="
    "TXT&value=LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo";

vendor_script script() {
  return {
      .provider = "dreamhost",
      .options = {{"api_key", "dreamhost-secret"}},
      .present = {{"GET", add, "", 200, R"({"result":"success","data":"record_added"})"}},
      .clean_up = {{"GET", remove, "", 200, R"({"result":"success","data":"record_removed"})"}},
  };
}

TEST(dreamhost, adds_and_removes_its_value_by_name_and_value) { check_vendor(script()); }

TEST(dreamhost, is_done_when_the_value_is_there_and_when_it_is_gone) {
  vendor_play play(script());
  EXPECT_TRUE(play.present(
      {{"GET", add, "", 200, R"({"result":"error","data":"record_already_exists_remove_first"})"}}));
  for (const char* word : {"no_such_record", "no_such_value"})
    EXPECT_TRUE(play.clean_up(
        {{"GET", remove, "", 200, std::string(R"({"result":"error","data":")") + word + R"("})"}}));
}

TEST(dreamhost, comes_again_when_it_was_too_fast) {
  vendor_play play(script());
  const exchange busy{"GET", add, "", 200, R"({"result":"error","data":"slow_down_bucko"})"};
  EXPECT_TRUE(play.present({busy, busy, script().present[0]}));
}

TEST(dreamhost, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.back().status = 200;
  expected.back().answer = R"({"result":"error","data":"invalid_api_key"})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "dreamhost: the vendor answered 200: invalid_api_key");
}

}  // namespace
}  // namespace cardea::test_support
