#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* records = "/2/zones/example.com/records";

vendor_script script() {
  const std::string missing =
      R"({"result":"error","error":{"code":"object_not_found","description":"none"}})";
  return {
      .provider = "infomaniak",
      .options = {{"access_token", "infomaniak-secret"}},
      .headers = {{"Authorization", "Bearer infomaniak-secret"}},
      .present =
          {{"GET", "/2/zones/_acme-challenge.www.example.com/exists", "", 404, missing},
           {"GET", "/2/zones/www.example.com/exists", "", 200, R"({"result":"success","data":false})"},
           {"GET", "/2/zones/example.com/exists", "", 200, R"({"result":"success","data":true})"},
           {"GET", records, "", 200,
            R"({"result":"success","data":[{"id":1,"source":"_acme-challenge.www","type":"TXT","target":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"}]})"},
           {"POST", "/2/zones/example.com/records?with=idn",
            R"({"source":"_acme-challenge.www","target":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl":300,"type":"TXT"})",
            200, R"({"result":"success","data":{"id":9}})"}},
      .clean_up =
          {{"GET", records, "", 200,
            R"({"result":"success","data":[{"id":1,"source":"_acme-challenge.www","type":"TXT","target":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"},
                        {"id":2,"source":"_acme-challenge.www","type":"CNAME","target":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"},
                        {"id":9,"source":"_acme-challenge.www","type":"TXT","target":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]})"},
           {"DELETE", "/2/zones/example.com/records/9", "", 200, R"({"result":"success","data":true})"}},
  };
}

TEST(infomaniak, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(infomaniak, uses_a_sub_zone_that_is_a_zone_of_its_own) {
  vendor_play play(script());
  exchange exists = script().present[1];
  exists.answer = R"({"result":"success","data":true})";
  EXPECT_TRUE(play.present(
      {script().present[0],
       exists,
       {"GET", "/2/zones/www.example.com/records", "", 200, R"({"result":"success","data":[]})"},
       {"POST", "/2/zones/www.example.com/records?with=idn",
        R"({"source":"_acme-challenge","target":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl":300,"type":"TXT"})",
        201, R"({"result":"success","data":{"id":3}})"}}));
}

TEST(infomaniak, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.back().status = 200;
  expected.back().answer =
      R"({"result":"error","error":{"code":"validation_failed","description":"ttl is too small"}})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "infomaniak: the vendor answered 200: validation_failed; ttl is too small");
}

}  // namespace
}  // namespace cardea::test_support
