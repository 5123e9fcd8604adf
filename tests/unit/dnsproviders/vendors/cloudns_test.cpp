#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* signed_query = "&sub-auth-id=77&auth-password=cloudns-hush";

exchange zone_of(const std::string& name, const std::string& answer) {
  return {"GET", "/get-zone-info.json?domain-name=" + name + signed_query, "", 200, answer};
}

const std::string list =
    std::string("/records.json?domain-name=example.com&type=TXT&host=_acme-challenge.www") + signed_query;
const exchange status{"GET", std::string("/update-status.json?domain-name=example.com") + signed_query, "",
                      200, R"([{"server":"ns1","updated":true},{"server":"ns2","updated":true}])"};
constexpr const char* no_zone = R"({"status":"Failed","statusDescription":"Missing domain-name"})";

vendor_script script() {
  exchange partly = status;
  partly.answer = R"([{"server":"ns1","updated":true},{"server":"ns2","updated":false}])";
  exchange none = status;
  none.answer = "[]";
  return {
      .provider = "cloudns",
      .options = {{"sub_auth_id", "77"}, {"auth_password", "cloudns-hush"}},
      .present =
          {zone_of("_acme-challenge.www.example.com", no_zone),
           zone_of("www.example.com", no_zone),
           zone_of("example.com", R"({"name":"example.com","type":"master","zone":"domain","status":"1"})"),
           {"GET", list, "", 200, "[]"},
           {"POST", "/add-record.json",
            std::string("domain-name=example.com&record-type=TXT&host=_acme-challenge.www"
                        "&record=LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo&ttl=60") +
                signed_query,
            200,
            R"({"status":"Success","statusDescription":"The record was added successfully.","data":{"id":12}})"},
           none,
           partly,
           status},
      .clean_up = {{"GET", list, "", 200,
                    R"({"11":{"id":"11","type":"TXT","host":"_acme-challenge.www","record":"foreign"},
                        "12":{"id":"12","type":"TXT","host":"_acme-challenge.www",
                              "record":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}})"},
                   {"POST", "/delete-record.json",
                    std::string("domain-name=example.com&record-id=12") + signed_query, 200,
                    R"({"status":"Success","statusDescription":"The record was deleted successfully."})"}},
  };
}

TEST(cloudns, adds_a_record_waits_for_every_server_and_removes_just_that) { check_vendor(script()); }

TEST(cloudns, raises_a_ttl_to_one_that_the_vendor_has) {
  vendor_script longer = script();
  longer.options["ttl"] = "301";
  std::string& body = longer.present[4].body;
  body.replace(body.find("ttl=60"), 6, "ttl=900");
  vendor_play play(longer);
  EXPECT_TRUE(play.present(longer.present));
}

TEST(cloudns, says_what_the_vendor_said_with_status_200) {
  vendor_play play(script());
  const auto outcome = play.present({zone_of(
      "_acme-challenge.www.example.com",
      R"({"status":"Failed","statusDescription":"Invalid authentication, incorrect auth-id or auth-password."})")});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "cloudns: the vendor answered 200: Invalid authentication, incorrect auth-id or auth-password.");
}

TEST(cloudns, names_the_main_user_without_a_sub_user) {
  vendor_script main_user = script();
  main_user.options = {{"auth_id", "5"}, {"auth_password", "cloudns-hush"}};
  for (auto* part : {&main_user.present, &main_user.clean_up})
    for (exchange& each : *part)
      for (std::string* text : {&each.url, &each.body})
        if (const auto at = text->find("sub-auth-id=77"); at != std::string::npos)
          text->replace(at, 14, "auth-id=5");
  check_vendor(main_user);
}

TEST(cloudns, wants_one_of_its_users) {
  EXPECT_EQ(refusal_of_options("cloudns", {{"auth_password", "p"}}),
            "cloudns: option 'auth_id' is missing (or sub_auth_id)");
}

}  // namespace
}  // namespace cardea::test_support
