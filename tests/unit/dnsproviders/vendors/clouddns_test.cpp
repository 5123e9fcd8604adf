#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* login = "https://api.vendor.test/api/public/auth/login";
constexpr const char* credentials = R"({"email":"me@example.com","password":"vshosting-hush"})";
constexpr const char* logged_in = R"({"auth":{"accessToken":"token-1","refreshToken":"token-2"}})";

std::string search(const std::string& zone) {
  return R"({"search":[{"name":"clientId","operator":"eq","value":"C1"},
             {"name":"domainName","operator":"eq","value":")" +
         zone + R"(."}]})";
}

std::vector<exchange> found() {
  return {{"POST", login, credentials, 200, logged_in},
          {"POST", "/domain/search", search("_acme-challenge.www.example.com"), 200,
           R"({"items":[],"totalHits":0})"},
          {"POST", "/domain/search", search("www.example.com"), 200, R"({"items":[],"totalHits":0})"},
          {"POST", "/domain/search", search("example.com"), 200,
           R"({"items":[{"id":"D1","domainName":"example.com.","status":"ACTIVE"}],"totalHits":1})"}};
}

const exchange empty{"GET", "/domain/D1", "", 200, R"({"id":"D1","soaTtl":1800,"lastDomainRecordList":[]})"};
const exchange full{"GET", "/domain/D1", "", 200,
                    R"({"id":"D1","soaTtl":1800,"lastDomainRecordList":[
              {"id":"r0","type":"TXT","name":"_acme-challenge.www.example.com.","value":"foreign"},
              {"id":"r8","type":"TXT","name":"example.com.","value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"},
              {"id":"r1","type":"TXT","name":"_acme-challenge.www.example.com.",
               "value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]})"};
const exchange add{"POST", "/record-txt",
                   R"({"domainId":"D1","name":"_acme-challenge.www.example.com.","type":"TXT",
              "value":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"})",
                   200, "{}"};
const exchange publish{"PUT", "/domain/D1/publish", R"({"soaTtl":1800})", 200, "{}"};

vendor_script script() {
  std::vector<exchange> present = found();
  present.insert(present.end(), {empty, add, publish});
  return {
      .provider = "clouddns",
      .options = {{"client_id", "C1"}, {"email", "me@example.com"}, {"password", "vshosting-hush"}},
      .present = present,
      .clean_up = {full, {"DELETE", "/record/r1", "", 200, ""}, publish},
      .verify =
          [](const base::fetch_request& got) {
            std::string credential;
            for (const base::http_field& each : got.headers)
              if (each.name == "Authorization") credential = each.value;
            EXPECT_EQ(credential, got.url == login ? "" : "Bearer token-1");
          },
  };
}

TEST(clouddns, logs_in_writes_and_publishes_with_the_zone_s_own_ttl) { check_vendor(script()); }

TEST(clouddns, publishes_a_record_that_is_there_since_it_may_not_be_public) {
  vendor_play play(script());
  std::vector<exchange> expected = found();
  expected.insert(expected.end(), {full, publish});
  EXPECT_TRUE(play.present(expected));
}

TEST(clouddns, changes_the_zone_s_ttl_only_when_told_to) {
  vendor_script told = script();
  told.options["ttl"] = "600";
  told.present.back().body = R"({"soaTtl":600})";
  vendor_play play(told);
  EXPECT_TRUE(play.present(told.present));
}

TEST(clouddns, logs_in_again_when_the_token_has_run_out) {
  vendor_play play(script());
  ASSERT_TRUE(play.present(script().present));
  exchange expired = full;
  expired.status = 401;
  expired.answer = R"({"error":{"code":401,"message":"Unauthorized"}})";
  std::vector<exchange> expected = script().clean_up;
  expected.insert(expected.begin(), {expired, found().front()});
  EXPECT_TRUE(play.clean_up(expected));
}

TEST(clouddns, says_what_the_vendor_said) {
  vendor_play play(script());
  const auto outcome =
      play.present({{"POST", login, credentials, 400,
                     R"({"error":{"code":1001,"message":"Wrong e-mail or vshosting-hush"}})"}});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "clouddns: login: the vendor answered 400: 1001; Wrong e-mail or ***");
}

TEST(clouddns, sends_those_who_mean_google_to_gcloud) {
  for (const char* key : {"project", "service_account", "ServiceAccountFile", "GCE_PROJECT"})
    EXPECT_EQ(
        refusal_of_options("clouddns", {{key, "x"}}),
        std::string("clouddns: option '") + key +
            "' is one of Google Cloud DNS, whose provider is gcloud; clouddns is CloudDNS by VSHosting");
}

}  // namespace
}  // namespace cardea::test_support
