#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

vendor_script script() {
  return {
      .provider = "pdns",
      .options = {{"api_key", "pdns-key-secret"}},
      .headers = {{"X-API-Key", "pdns-key-secret"}},
      .present =
          {{"GET", "/api/v1/servers/localhost/zones/_acme-challenge.www.example.com.?rrsets=false", "", 404,
            R"({"error":"Not Found"})"},
           {"GET", "/api/v1/servers/localhost/zones/www.example.com.?rrsets=false", "", 422,
            R"({"error":"Could not find domain 'www.example.com.'"})"},
           {"GET", "/api/v1/servers/localhost/zones/example.com.?rrsets=false", "", 200,
            R"({"id":"example.com.","name":"example.com.","kind":"Master"})"},
           {"GET",
            "/api/v1/servers/localhost/zones/"
            "example.com.?rrset_name=_acme-challenge.www.example.com.&rrset_type=TXT",
            "", 200,
            R"({"rrsets":[{"name":"_acme-challenge.www.example.com.","type":"TXT","ttl":60,"records":[{"content":"\"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE\"","disabled":false}]}]})"},
           {"PATCH", "/api/v1/servers/localhost/zones/example.com.",
            R"({"rrsets":[{"name":"_acme-challenge.www.example.com.","type":"TXT","changetype":"REPLACE","ttl":60,"records":[{"content":"\"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE\"","disabled":false},{"content":"\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\"","disabled":false}]}]})",
            204, ""},
           {"PUT", "/api/v1/servers/localhost/zones/example.com./notify", "{}", 200,
            R"({"result":"Notification queued"})"}},
      .clean_up =
          {{"GET",
            "/api/v1/servers/localhost/zones/"
            "example.com.?rrset_name=_acme-challenge.www.example.com.&rrset_type=TXT",
            "", 200,
            R"({"rrsets":[{"name":"_acme-challenge.www.example.com.","type":"TXT","ttl":60,"records":[{"content":"\"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE\"","disabled":false},{"content":"\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\"","disabled":false}]}]})"},
           {"PATCH", "/api/v1/servers/localhost/zones/example.com.",
            R"({"rrsets":[{"name":"_acme-challenge.www.example.com.","type":"TXT","changetype":"REPLACE","ttl":60,"records":[{"content":"\"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE\"","disabled":false}]}]})",
            204, ""},
           {"PUT", "/api/v1/servers/localhost/zones/example.com./notify", "{}", 200,
            R"({"result":"Notification queued"})"}},
  };
}

TEST(pdns, merges_its_value_and_tells_the_secondaries) { check_vendor(script()); }

TEST(pdns, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.resize(1);
  expected.back().status = 401;
  expected.back().answer = R"({"error":"Unauthorized"})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "pdns: the vendor answered 401: Unauthorized");
}

}  // namespace
}  // namespace cardea::test_support
