#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* records = "/domains/77/records?page=1&page_size=500";

// Each list is filtered: by the domain, or by the type.
void check_filter(const base::fetch_request& got) {
  if (got.method != "GET") return;
  std::string filter;
  for (const base::http_field& each : got.headers)
    if (each.name == "X-Filter") filter = each.value;
  if (got.url.ends_with("/domains"))
    EXPECT_TRUE(filter.starts_with(R"({"domain":")") && filter.ends_with(R"(example.com"})")) << filter;
  else
    EXPECT_EQ(filter, R"({"type":"TXT"})");
}

vendor_script script() {
  const exchange none{"GET", "/domains", "", 200, R"({"data":[],"page":1,"pages":1,"results":0})"};
  return {
      .provider = "linode",
      .options = {{"token", "linode-secret"}},
      .headers = {{"Authorization", "Bearer linode-secret"}},
      .present =
          {none,
           none,
           {"GET", "/domains", "", 200, R"({"data":[{"id":77,"domain":"example.com"}],"page":1,"pages":1})"},
           {"GET", records, "", 200, R"({"data":[],"page":1,"pages":1})"},
           {"POST", "/domains/77/records",
            R"({"type":"TXT","name":"_acme-challenge.www.example.com","target":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl_sec":300})",
            200, R"({"id":5})"}},
      .clean_up =
          {{"GET", records, "", 200,
            R"({"data":[{"id":4,"name":"_acme-challenge.www","target":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"},
                        {"id":6,"name":"other","target":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}],"page":1,"pages":2})"},
           {"GET", "/domains/77/records?page=2&page_size=500", "", 200,
            R"({"data":[{"id":5,"name":"_acme-challenge.www","target":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}],"page":2,"pages":2})"},
           {"DELETE", "/domains/77/records/5", "", 200, "{}"}},
      .verify = check_filter,
  };
}

TEST(linode, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(linode, removes_a_record_that_is_listed_by_its_whole_name) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(3);
  expected.push_back(
      {"GET", records, "", 200,
       R"({"data":[{"id":8,"name":"_acme-challenge.www.example.com","target":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]})"});
  expected.push_back({"DELETE", "/domains/77/records/8", "", 200, "{}"});
  EXPECT_TRUE(play.clean_up(expected));
}

TEST(linode, comes_again_when_the_vendor_is_busy) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  exchange busy = expected.back();
  busy.status = 400;
  busy.answer = R"({"errors":[{"reason":"Linode busy."}]})";
  expected.insert(expected.end() - 1, busy);
  EXPECT_TRUE(play.present(expected));
}

TEST(linode, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.back().status = 400;
  expected.back().answer = R"({"errors":[{"reason":"Name is invalid","field":"name"}]})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "linode: the vendor answered 400: Name is invalid; name");
}

}  // namespace
}  // namespace cardea::test_support
