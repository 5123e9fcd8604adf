#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  return {
      .provider = "namedotcom",
      .options = {{"username", "owner"}, {"api_token", "name-token-secret"}},
      .headers = {{"Authorization", "Basic b3duZXI6bmFtZS10b2tlbi1zZWNyZXQ="}},
      .present =
          {{"GET", "/v4/domains/example.com/records?page=1&perPage=1000", "", 200, R"({"records":[]})"},
           {"POST", "/v4/domains/example.com/records",
            R"({"host":"_acme-challenge.www","type":"TXT","answer":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl":300})",
            200, R"({"id":5})"}},
      .clean_up =
          {{"GET", "/v4/domains/example.com/records?page=1&perPage=1000", "", 200,
            R"({"records":[{"id":4,"fqdn":"_acme-challenge.www.example.com.","type":"TXT","answer":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"}],"nextPage":2,"lastPage":2})"},
           {"GET", "/v4/domains/example.com/records?page=2&perPage=1000", "", 200,
            R"({"records":[{"id":5,"fqdn":"_acme-challenge.www.example.com.","type":"TXT","answer":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]})"},
           {"DELETE", "/v4/domains/example.com/records/5", "", 200, "{}"}},
  };
}

TEST(namedotcom, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(namedotcom, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(2);
  expected.back().status = 400;
  expected.back().answer = R"({"message":"Invalid Argument","details":"ttl must be 300 or greater"})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "namedotcom: the vendor answered 400: Invalid Argument; ttl must be 300 or greater");
}

}  // namespace
}  // namespace cardea::test_support
