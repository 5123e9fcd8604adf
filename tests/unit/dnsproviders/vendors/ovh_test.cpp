#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* records = "/domain/zone/example.com/record";
// The vendor's clock is ten seconds ahead of ours.
const exchange time_of_vendor{"GET", "/auth/time", "", 200, "1767323055\n"};
const exchange refresh{"POST", "/domain/zone/example.com/refresh", "", 200, "null"};

exchange list(const std::string& ids) {
  return {"GET", std::string(records) + "?fieldType=TXT&subDomain=_acme-challenge.www", "", 200, ids};
}
exchange record(const std::string& id, std::string_view value) {
  return {"GET", std::string(records) + "/" + id, "", 200,
          R"({"id":)" + id + R"(,"zone":"example.com","fieldType":"TXT","ttl":120,)" +
              R"("subDomain":"_acme-challenge.www","target":"\")" + std::string(value) + "\\\"\"}"};
}
exchange add(std::string_view value, const std::string& id) {
  return {"POST", records,
          R"({"fieldType":"TXT","subDomain":"_acme-challenge.www","target":")" + std::string(value) +
              R"(","ttl":120})",
          200,
          R"({"id":)" + id + R"(,"zone":"example.com","fieldType":"TXT","ttl":120,)" +
              R"("subDomain":"_acme-challenge.www","target":")" + std::string(value) + "\"}"};
}
exchange removal(const std::string& id) {
  return {"DELETE", std::string(records) + "/" + id, "", 200, "null"};
}

vendor_script script() {
  return {
      .provider = "ovh",
      .options = {{"application_key", "ovh-key"},
                  {"application_secret", "ovh-secret"},
                  {"consumer_key", "ovh-consumer"}},
      .headers = {{"X-Ovh-Application", "ovh-key"}},
      .present = {time_of_vendor, list("[]"), add(first_value, "5123456789"), refresh},
      .clean_up = {removal("5123456789"), refresh},
  };
}

std::string header(const base::fetch_request& from, std::string_view name) {
  for (const base::http_field& each : from.headers)
    if (each.name == name) return each.value;
  return {};
}

TEST(ovh, adds_a_record_and_removes_the_one_that_it_knows) { check_vendor(script()); }

// Computed with Python's hashlib from the vendor's description of the signature.
TEST(ovh, signs_with_the_time_of_the_vendor) {
  vendor_play play(script());
  EXPECT_TRUE(play.present(script().present));
  ASSERT_EQ(play.requests().size(), 4U);
  EXPECT_EQ(header(play.requests()[0], "X-Ovh-Signature"), "") << "the time is asked without a signature";
  EXPECT_EQ(header(play.requests()[1], "X-Ovh-Timestamp"), "1767323055");
  EXPECT_EQ(header(play.requests()[1], "X-Ovh-Consumer"), "ovh-consumer");
  EXPECT_EQ(header(play.requests()[1], "X-Ovh-Signature"), "$1$9d5661df370bcbd5e04c29b6c6da84be191f511e");
  EXPECT_EQ(header(play.requests()[2], "X-Ovh-Signature"), "$1$9ca2a528268915ed4dd1f4dbddc2435cc302321c");
  EXPECT_EQ(header(play.requests()[3], "X-Ovh-Signature"), "$1$8468a98b3b3fb640dffb73fd3d02f5bc73bd2251");
}

TEST(ovh, looks_for_a_record_that_it_does_not_know) {
  vendor_play play(script());
  EXPECT_TRUE(play.clean_up({time_of_vendor, list("[1,2,3]"), record("1", "foreign"),
                             record("2", second_value), record("3", first_value), removal("3"), refresh}));
}

TEST(ovh, keeps_two_values_and_publishes_again_what_is_there) {
  vendor_play play(script());
  EXPECT_TRUE(play.present(script().present));
  EXPECT_TRUE(
      play.present({list("[5123456789]"), record("5123456789", first_value), add(second_value, "6"), refresh},
                   make_record(second_value)));
  EXPECT_TRUE(play.present({list("[5123456789]"), record("5123456789", first_value), refresh}));
  EXPECT_TRUE(play.clean_up({removal("6"), refresh}, make_record(second_value)));
  EXPECT_TRUE(play.clean_up({removal("5123456789"), refresh}));
}

TEST(ovh, needs_no_right_to_read) {
  vendor_play play(script());
  exchange forbidden = list("");
  forbidden.status = 403;
  forbidden.answer =
      R"({"errorCode":"NOT_GRANTED_CALL","httpCode":"403 Forbidden",
          "message":"This call has not been granted"})";
  EXPECT_TRUE(play.present({time_of_vendor, forbidden, add(first_value, "7"), refresh}));
  EXPECT_TRUE(play.clean_up({removal("7"), refresh}));
  exchange refused = add(first_value, "8");
  refused.status = 403;
  refused.answer = forbidden.answer;
  const auto outcome = play.present({forbidden, refused});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "ovh: the vendor answered 403: This call has not been granted");
}

TEST(ovh, removes_the_record_whose_publication_failed) {
  vendor_play play(script());
  exchange broken = refresh;
  broken.status = 500;
  EXPECT_FALSE(play.present({time_of_vendor, list("[]"), add(first_value, "9"), broken}));
  EXPECT_TRUE(play.clean_up({removal("9"), refresh}));
}

TEST(ovh, takes_a_token_for_an_oauth2_client) {
  vendor_script client = script();
  client.options = {{"client_id", "me"}, {"client_secret", "ovh-client-secret"}, {"api_endpoint", "ovh-ca"}};
  client.headers = {};
  vendor_play play(client);
  const exchange token{"POST", "https://ca.ovh.com/auth/oauth2/token",
                       "grant_type=client_credentials&client_id=me&client_secret=ovh-client-secret&scope=all",
                       200,
                       R"({"access_token":"t0ken","token_type":"Bearer","expires_in":3599,"scope":"all"})"};
  EXPECT_TRUE(play.present({token, list("[]"), add(first_value, "7"), refresh}));
  EXPECT_EQ(header(play.requests()[0], "Authorization"), "");
  EXPECT_EQ(header(play.requests()[1], "Authorization"), "Bearer t0ken");
  exchange gone = removal("7");
  gone.status = 401;
  EXPECT_TRUE(play.clean_up({gone, token, removal("7"), refresh}));
}

TEST(ovh, takes_a_token_as_it_is) {
  vendor_script token = script();
  token.options = {{"access_token", "ovh-access-token"}};
  token.headers = {{"Authorization", "Bearer ovh-access-token"}};
  token.present.erase(token.present.begin());
  check_vendor(token);
}

TEST(ovh, knows_the_address_of_its_endpoints) {
  vendor_script other = script();
  other.options.insert({{"api_url", ""}, {"api_endpoint", "ovh-us"}});
  other.api_url = "https://api.us.ovhcloud.com/1.0";
  vendor_play play(other);
  EXPECT_TRUE(play.present(script().present));
}

TEST(ovh, names_what_is_missing_or_contradicts) {
  EXPECT_EQ(refusal_of_options("ovh", {}),
            "ovh: option 'application_key' is missing (or client_id and client_secret, or access_token)");
  EXPECT_EQ(refusal_of_options("ovh", {{"consumer_key", "x"}, {"application_key", "x"}}),
            "ovh: option 'application_secret' is missing (beside application_key)");
  EXPECT_EQ(refusal_of_options("ovh", {{"client_id", "x"}, {"client_secret", "x"}, {"access_token", "x"}}),
            "ovh: option 'access_token' contradicts client_id: give one kind of credentials");
  EXPECT_EQ(refusal_of_options("ovh", {{"access_token", "x"}, {"api_endpoint", "ovh"}}),
            "ovh: option 'api_endpoint' is neither an endpoint's name nor an address");
  EXPECT_EQ(
      refusal_of_options("ovh", {{"client_id", "x"}, {"client_secret", "x"}, {"api_endpoint", "kimsufi-ca"}}),
      "ovh: option 'client_id' cannot be used at kimsufi-ca");
}

}  // namespace
}  // namespace cardea::test_support
