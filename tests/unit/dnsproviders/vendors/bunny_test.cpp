#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* zones = "/dnszone?page=1&perPage=1000";
constexpr const char* zone_list =
    R"({"Items":[{"Id":5,"Domain":"e.com"},{"Id":6,"Domain":"example.com"}],"CurrentPage":1,"HasMoreItems":false})";

vendor_script script() {
  return {
      .provider = "bunny",
      .options = {{"api_key", "bunny-secret-key"}},
      .headers = {{"AccessKey", "bunny-secret-key"}},
      .present = {{"GET", zones, "", 200, zone_list},
                  {"GET", "/dnszone/6", "", 200, R"({"Id":6,"Domain":"example.com","Records":[]})"},
                  {"PUT", "/dnszone/6/records",
                   R"({"Type":3,"Name":"_acme-challenge.www",
                       "Value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","Ttl":60})",
                   201, R"({"Id":1002})"}},
      .clean_up = {{"GET", "/dnszone/6", "", 200,
                    R"({"Id":6,"Records":[{"Id":1000,"Type":3,"Name":"_acme-challenge.www","Value":"foreign"},
                        {"Id":1001,"Type":3,"Name":"_acme-challenge","Value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"},
                        {"Id":1002,"Type":3,"Name":"_acme-challenge.www",
                         "Value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]})"},
                   {"DELETE", "/dnszone/6/records/1002", "", 204, ""}},
  };
}

TEST(bunny, adds_a_record_and_removes_just_that) { check_vendor(script()); }

TEST(bunny, finds_a_sub_zone_on_a_later_page) {
  vendor_play play(script());
  exchange first = script().present.front();
  first.answer = R"({"Items":[{"Id":6,"Domain":"example.com"}],"CurrentPage":1,"HasMoreItems":true})";
  exchange second = first;
  second.url = "/dnszone?page=2&perPage=1000";
  second.answer = R"({"Items":[{"Id":9,"Domain":"www.example.com"}],"CurrentPage":2,"HasMoreItems":false})";
  EXPECT_TRUE(play.present({first,
                            second,
                            {"GET", "/dnszone/9", "", 200, R"({"Records":[]})"},
                            {"PUT", "/dnszone/9/records",
                             R"({"Type":3,"Name":"_acme-challenge",
                                 "Value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","Ttl":60})",
                             201, "{}"}}));
}

TEST(bunny, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.back().status = 400;
  expected.back().answer =
      R"({"ErrorKey":"validation_error","Field":"Value","Message":"The record is not valid"})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "bunny: the vendor answered 400: The record is not valid");
}

TEST(bunny, refuses_a_ttl_below_the_minimum) {
  EXPECT_EQ(refusal_of_options("bunny", {{"api_key", "k"}, {"ttl", "59"}}),
            "bunny: option 'ttl' is not a number from 60 to 604800");
}

}  // namespace
}  // namespace cardea::test_support
