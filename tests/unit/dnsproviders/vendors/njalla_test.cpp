#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  return {
      .provider = "njalla",
      .options = {{"token", "njalla-token-secret"}},
      .headers = {{"Authorization", "Njalla njalla-token-secret"}},
      .present =
          {{"POST", "/", R"({"method":"list-domains","params":{}})", 200,
            R"({"result":{"domains":[{"name":"example.com"},{"name":"example.co.uk"}]}})"},
           {"POST", "/", R"({"method":"list-records","params":{"domain":"example.com"}})", 200,
            R"({"result":{"records":[]}})"},
           {"POST", "/",
            R"({"method":"add-record","params":{"domain":"example.com","name":"_acme-challenge.www","type":"TXT","content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl":300}})",
            200, R"({"jsonrpc":"2.0","result":{"id":"33"}})"}},
      .clean_up =
          {{"POST", "/", R"({"method":"list-records","params":{"domain":"example.com"}})", 200,
            R"({"result":{"records":[{"id":32,"name":"_acme-challenge.www","type":"TXT","content":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"},{"id":33,"name":"_acme-challenge.www","type":"TXT","content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]}})"},
           {"POST", "/", R"({"method":"remove-record","params":{"domain":"example.com","id":"33"}})", 200,
            R"({"jsonrpc":"2.0","result":{}})"}},
  };
}

TEST(njalla, adds_its_value_and_removes_just_that) { check_vendor(script()); }

TEST(njalla, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(1);
  expected.back().status = 200;
  expected.back().answer = R"({"jsonrpc":"2.0","error":{"code":403,"message":"Permission denied."}})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "njalla: the vendor answered 200: 403; Permission denied.");
}

}  // namespace
}  // namespace cardea::test_support
