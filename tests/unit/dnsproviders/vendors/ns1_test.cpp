#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  return {
      .provider = "ns1",
      .options = {{"api_key", "ns1-key-secret"}},
      .headers = {{"X-NSONE-Key", "ns1-key-secret"}},
      .present =
          {{"GET", "/zones/_acme-challenge.www.example.com?records=false", "", 404,
            R"({"message":"zone not found"})"},
           {"GET", "/zones/www.example.com?records=false", "", 404, R"({"message":"zone not found"})"},
           {"GET", "/zones/example.com?records=false", "", 200, R"({"zone":"example.com"})"},
           {"GET", "/zones/example.com/_acme-challenge.www.example.com/TXT", "", 404,
            R"({"message":"record not found"})"},
           {"PUT", "/zones/example.com/_acme-challenge.www.example.com/TXT",
            R"({"zone":"example.com","domain":"_acme-challenge.www.example.com","type":"TXT","ttl":120,"answers":[{"answer":["LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"]}],"filters":[]})",
            200, "{}"}},
      .clean_up =
          {{"GET", "/zones/example.com/_acme-challenge.www.example.com/TXT", "", 200,
            R"({"answers":[{"answer":["xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"],"id":"5f","meta":{"up":true}},{"answer":["LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"],"id":"60"}]})"},
           {"POST", "/zones/example.com/_acme-challenge.www.example.com/TXT",
            R"({"answers":[{"answer":["xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"],"id":"5f","meta":{"up":true}}]})",
            200, "{}"}},
  };
}

TEST(ns1, merges_its_answer_and_gives_back_foreign_ones_as_they_came) { check_vendor(script()); }

TEST(ns1, removes_the_record_with_its_last_answer) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(3);
  expected.push_back(script().clean_up.front());
  expected.back().answer = R"({"answers":[{"answer":["LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"]}]})";
  expected.push_back({"DELETE", script().clean_up.front().url, "", 200, "{}"});
  EXPECT_TRUE(play.clean_up(expected));
}

}  // namespace
}  // namespace cardea::test_support
