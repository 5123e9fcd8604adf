#include "tests/support/vendor_script.hpp"

#include "base/text.hpp"
#include "tests/support/published_rsa_key.hpp"
#include "tests/support/scratch_folder.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <gtest/gtest.h>

#include <fstream>

namespace cardea::test_support {
namespace {

std::string key_file(const std::string& key = published_rsa_key) {
  return boost::json::serialize(boost::json::object{{"type", "service_account"},
                                                    {"project_id", "our-project"},
                                                    {"private_key_id", "key-1"},
                                                    {"private_key", key},
                                                    {"client_email", "dns@p.iam.gserviceaccount.com"},
                                                    {"token_uri", "https://tokens.test/token"}});
}

// Header, claims and signature computed with Python and the openssl command.
const std::string assertion =
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImtleS0xIn0.eyJpc3MiOiJkbnNAcC5pYW0uZ3Nl"
    "cnZpY2VhY2NvdW50LmNvbSIsInNjb3BlIjoiaHR0cHM6Ly93d3cuZ29vZ2xlYXBpcy5jb20vYXV0aC9uZGV2"
    "LmNsb3VkZG5zLnJlYWR3cml0ZSIsImF1ZCI6Imh0dHBzOi8vdG9rZW5zLnRlc3QvdG9rZW4iLCJpYXQiOjE3"
    "NjczMjMwNDUsImV4cCI6MTc2NzMyNjY0NX0.Ph_ahlYX3vgmE0wrvJK8LM0qJedJGCL9iyHij681bdK1KAFu"
    "77owJdC4fLwBKCl2zZF5S9E9rCdIc_qo_fhcuhitvYSXOzyJyOzG80xnjraW1xlz4KA9PSrzrkmkcYEYH4lc"
    "I-Z7ZAmj6WLoR8w8gxM97VL7obLho3TgQiWCU0M";
const exchange token{
    "POST", "https://tokens.test/token",
    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + assertion, 200,
    R"({"access_token":"ya29.token","expires_in":3599,"token_type":"Bearer"})"};

const std::string zones_path = "/projects/our-project/managedZones";
exchange zones(const std::string& name, const std::string& list) {
  return {"GET", zones_path + "?dnsName=" + name, "", 200, "{\"managedZones\":" + list + "}"};
}
const std::vector<exchange> find_zone{
    zones("_acme-challenge.www.example.com.", "[]"), zones("www.example.com.", "[]"),
    zones("example.com.", R"([{"name":"inside","id":"1","dnsName":"example.com.","visibility":"private"},
                              {"name":"ours","id":"2","dnsName":"example.com.","visibility":"public"}])")};

exchange read(const std::string& sets) {
  return {"GET", zones_path + "/ours/rrsets?name=_acme-challenge.www.example.com.&type=TXT", "", 200,
          "{\"rrsets\":" + sets + "}"};
}
exchange change(const std::string& body, const std::string& status = "done") {
  return {"POST", zones_path + "/ours/changes", body, 200,
          R"({"id":"17","status":")" + status + R"(","kind":"dns#change"})"};
}
std::string set(const std::vector<std::string_view>& values, int ttl = 120) {
  std::string list;
  for (const std::string_view each : values)
    list += (list.empty() ? "\"\\\"" : ",\"\\\"") + std::string(each) + "\\\"\"";
  return R"({"name":"_acme-challenge.www.example.com.","type":"TXT","ttl":)" + std::to_string(ttl) +
         ",\"rrdatas\":[" + list + "]}";
}
std::vector<exchange> after(std::vector<exchange> first, const std::vector<exchange>& then) {
  first.insert(first.end(), then.begin(), then.end());
  return first;
}

vendor_script script() {
  const exchange waiting{"GET", zones_path + "/ours/changes/17", "", 200,
                         R"({"id":"17","status":"pending"})"};
  exchange done = waiting;
  done.answer = R"({"id":"17","status":"done"})";
  return {
      .provider = "gcloud",
      .options = {{"service_account", key_file()}},
      .present = after(
          after({token}, find_zone),
          {read("[]"), change("{\"additions\":[" + set({first_value}) + "]}", "pending"), waiting, done}),
      .clean_up = {read("[" + set({"foreign", first_value}, 300) + "]"),
                   change("{\"deletions\":[" + set({"foreign", first_value}, 300) + "],\"additions\":[" +
                          set({"foreign"}, 300) + "]}")},
  };
}

// What is asked at a present, without the first exchanges.
std::vector<exchange> presented_from(int first) {
  std::vector<exchange> out = script().present;
  out.erase(out.begin(), out.begin() + first);
  return out;
}

TEST(gcloud, changes_the_set_and_waits_until_it_is_done) { check_vendor(script()); }

TEST(gcloud, shows_the_token_only_to_the_api) {
  vendor_play play(script());
  EXPECT_TRUE(play.present(script().present));
  for (const base::fetch_request& each : play.requests()) {
    std::string shown;
    for (const base::http_field& field : each.headers)
      if (field.name == "Authorization") shown += field.value;
    EXPECT_EQ(shown, each.url.starts_with("https://tokens.test/") ? "" : "Bearer ya29.token") << each.url;
  }
}

TEST(gcloud, keeps_two_values_and_removes_the_set_with_the_last) {
  vendor_play play(script());
  const std::string one = "[" + set({first_value}) + "]";
  EXPECT_TRUE(play.present(
      after(after({token}, find_zone), {read(one), change("{\"deletions\":" + one + ",\"additions\":[" +
                                                          set({first_value, second_value}) + "]}")}),
      make_record(second_value)));
  EXPECT_TRUE(play.present({read(one)})) << "it is there already";
  EXPECT_TRUE(play.clean_up({read(one), change("{\"deletions\":" + one + "}")}));
}

TEST(gcloud, reads_again_when_the_set_changed_in_between) {
  vendor_play play(script());
  exchange raced = change("{\"additions\":[" + set({first_value}) + "]}");
  raced.status = 409;
  const std::string other = "[" + set({"foreign"}) + "]";
  EXPECT_TRUE(play.present(after(
      after({token}, find_zone),
      {read("[]"), raced, read(other),
       change("{\"deletions\":" + other + ",\"additions\":[" + set({"foreign", first_value}) + "]}")})));
}

TEST(gcloud, waits_when_it_asked_too_often) {
  vendor_play play(script());
  exchange busy = find_zone.front();
  busy.status = 403;
  busy.answer = R"({"error":{"code":403,"message":"slower","errors":[{"reason":"rateLimitExceeded"}]}})";
  EXPECT_TRUE(play.present(after({token, busy}, presented_from(1))));
  ASSERT_FALSE(play.sleeps().empty());
  EXPECT_EQ(play.sleeps().front(), 5.0);
}

TEST(gcloud, writes_into_the_zone_that_it_is_told) {
  vendor_script told = script();
  told.options.insert({{"zone_id", "ours"}, {"project", "our-project"}});
  vendor_play play(told);
  EXPECT_TRUE(play.present(after({token}, presented_from(4))));
}

TEST(gcloud, takes_a_private_zone_only_when_told) {
  const exchange inside =
      zones("example.com.", R"([{"name":"ours","dnsName":"example.com.","visibility":"private"}])");
  const std::vector<exchange> look{token, find_zone[0], find_zone[1], inside};
  vendor_play play(script());
  const auto outcome = play.present(look);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "gcloud: no zone of the account holds _acme-challenge.www.example.com");
  vendor_script told = script();
  told.options.insert({"allow_private_zone", "true"});
  vendor_play other(told);
  EXPECT_TRUE(other.present(after(look, {read("[" + set({first_value}) + "]")})));
}

TEST(gcloud, uses_the_account_of_its_machine_without_a_key) {
  vendor_script machine = script();
  machine.options = {};
  vendor_play play(machine);
  const std::string at = "http://metadata.google.internal/computeMetadata/v1";
  const exchange its_token{"GET",
                           at + "/instance/service-accounts/default/token?scopes=https%3A%2F%2F"
                                "www.googleapis.com%2Fauth%2Fndev.clouddns.readwrite",
                           "", 200, token.answer};
  const exchange its_project{"GET", at + "/project/project-id", "", 200, "our-project\n"};
  EXPECT_TRUE(play.present(after({its_token, its_project}, presented_from(1))));
  EXPECT_EQ(play.requests()[1].headers.back().value, "Google");
}

TEST(gcloud, takes_a_users_credentials_from_a_file) {
  scratch_folder folder;
  std::ofstream(folder / "user.json")
      << R"({"type":"authorized_user","client_id":"me","client_secret":"s","refresh_token":"r"})";
  vendor_script user = script();
  user.options = {{"service_account_file", folder / "user.json"}, {"project", "our-project"}};
  vendor_play play(user);
  const exchange refreshed{"POST", "https://oauth2.googleapis.com/token",
                           "grant_type=refresh_token&client_id=me&client_secret=s&refresh_token=r", 200,
                           token.answer};
  EXPECT_TRUE(play.present(after({refreshed}, presented_from(1))));
}

TEST(gcloud, says_what_the_vendor_said) {
  vendor_play play(script());
  exchange refused = token;
  refused.status = 400;
  refused.answer = R"({"error":"invalid_grant","error_description":"Invalid JWT Signature."})";
  const auto login = play.present({refused});
  ASSERT_FALSE(login);
  EXPECT_EQ(login.error().message(),
            "gcloud: login: the vendor answered 400: invalid_grant; Invalid JWT Signature.");
  exchange forbidden = read("[]");
  forbidden.status = 403;
  forbidden.answer = R"({"error":{"code":403,"message":"Forbidden","errors":[{"reason":"forbidden"}]}})";
  const auto outcome = play.present(after(after({token}, find_zone), {forbidden}));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "gcloud: the vendor answered 403: Forbidden");
}

TEST(gcloud, names_what_is_wrong_with_a_key) {
  const auto refusal = [](const std::string& text) {
    return refusal_of_options("googlecloud", {{"service_account", text}});
  };
  EXPECT_EQ(refusal("{"), "gcloud: option 'service_account' is not the JSON text of a key");
  EXPECT_EQ(refusal("{}"),
            "gcloud: option 'service_account' holds neither a service account's key nor a user's");
  EXPECT_EQ(refusal(key_file("no key")),
            "gcloud: option 'service_account' holds no client_email, or no private_key that can sign");
  EXPECT_EQ(refusal(R"({"type":"authorized_user","refresh_token":"r"})"),
            "gcloud: option 'project' is missing, and the key does not have it");
  EXPECT_NE(refusal_of_options("gcloud", {{"service_account_file", "/nowhere"}}).find("cannot be read"),
            std::string::npos);
}

}  // namespace
}  // namespace cardea::test_support
