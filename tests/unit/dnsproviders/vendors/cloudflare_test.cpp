// Goal: every request to Cloudflare is the right one, and every kind of answer
// is understood. Method: scripted conversations.
#include "tests/support/vendor_script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

using testing::ElementsAre;

constexpr const char* records = "/zones/z1/dns_records";
constexpr const char* search =
    "/zones/z1/dns_records?type=TXT&name=_acme-challenge.www.example.com&per_page=100&page=";

exchange find_zone(const std::string& name = "example.com", const std::string& result = R"([{"id":"z1"}])") {
  return {"GET", "/zones?name=" + name + "&per_page=50", "", 200,
          R"({"success":true,"result":)" + result + "}"};
}

// From the name upwards: the account may host a parent only.
std::vector<exchange> zone_of_the_name(const exchange& last = find_zone()) {
  return {find_zone("_acme-challenge.www.example.com", "[]"), find_zone("www.example.com", "[]"), last};
}

exchange write(std::string_view value = first_value) {
  const std::string body = R"({"type":"TXT","name":"_acme-challenge.www.example.com","content":"\")" +
                           std::string(value) + R"(\"","ttl":120})";
  return {"POST", records, body, 200, R"({"success":true,"result":{"id":"r1"}})"};
}

exchange exists(int code) {
  exchange out = write();
  out.status = 400;
  out.answer = R"({"success":false,"errors":[{"code":)" + std::to_string(code) +
               R"(,"message":"An identical record already exists."}],"result":null})";
  return out;
}

exchange remove(const std::string& id = "r1") {
  return {"DELETE", records + std::string("/") + id, "", 200, R"({"success":true,"result":{"id":"r1"}})"};
}

exchange page(int number, const std::string& result, int of) {
  return {"GET", search + std::to_string(number), "", 200,
          R"({"success":true,"result":[)" + result + R"(],"result_info":{"page":)" + std::to_string(number) +
              R"(,"total_pages":)" + std::to_string(of) + "}}"};
}

std::string entry(const std::string& id, std::string_view content) {
  return R"({"id":")" + id + R"(","content":")" + std::string(content) + R"("})";
}

std::vector<exchange> in_the_zone(std::vector<exchange> then, const exchange& zone = find_zone()) {
  std::vector<exchange> out = zone_of_the_name(zone);
  out.insert(out.end(), then.begin(), then.end());
  return out;
}

vendor_script script() {
  return {.provider = "cloudflare",
          .options = {{"auth_token", "cloudflare-secret-token"}},
          .headers = {{"Authorization", "Bearer cloudflare-secret-token"}, {"Accept", "application/json"}},
          .present = in_the_zone({page(1, entry("r0", second_value), 1), write()}),
          .clean_up = {page(1, entry("r0", "foreign"), 2),
                       page(2, entry("r1", "\\\"" + std::string(first_value) + "\\\""), 2), remove()}};
}

std::string outcome_of(const base::result<void>& outcome) {
  return outcome ? "success" : outcome.error().message();
}

TEST(cloudflare, writes_a_record_and_removes_it_page_by_page) { check_vendor(script()); }

TEST(cloudflare, keeps_two_values_at_one_name_and_removes_each_by_its_own_id) {
  const std::string both = entry("r1", first_value) + "," + entry("r2", second_value);
  vendor_play play(script());
  EXPECT_TRUE(play.present(in_the_zone({page(1, "", 0), write()})));
  EXPECT_TRUE(
      play.present({page(1, entry("r1", first_value), 1), write(second_value)}, make_record(second_value)));
  EXPECT_TRUE(play.clean_up({page(1, both, 1), remove("r1")}));
  EXPECT_TRUE(play.clean_up(in_the_zone({page(1, both, 1), remove("r2")}), make_record(second_value)));
}

TEST(cloudflare, takes_a_record_that_came_meanwhile_for_its_own) {
  for (const int code : {81057, 81058}) {
    vendor_play play(script());
    EXPECT_EQ(outcome_of(play.present(in_the_zone({page(1, "", 0), exists(code)}))), "success") << code;
  }
}

TEST(cloudflare, has_nothing_to_remove_when_only_foreign_values_are_there) {
  vendor_play play(script());
  EXPECT_TRUE(play.clean_up(in_the_zone({page(1, entry("foreign", second_value), 1)})));
}

TEST(cloudflare, takes_a_record_that_is_gone_for_removed) {
  vendor_play play(script());
  exchange gone = remove();
  gone.status = 404;
  gone.answer = R"({"success":false,"errors":[{"code":81044,"message":"Record does not exist."}]})";
  EXPECT_EQ(outcome_of(play.clean_up(in_the_zone({page(1, entry("r1", first_value), 1), gone}))), "success");
}

TEST(cloudflare, uses_the_sub_zone_that_the_account_hosts) {
  vendor_play play(script());
  EXPECT_TRUE(play.present({find_zone("_acme-challenge.www.example.com", "[]"), find_zone("www.example.com"),
                            page(1, "", 0), write()}));
}

TEST(cloudflare, prefers_the_active_one_of_two_zones_with_one_name) {
  vendor_play play(script());
  const exchange several = find_zone(
      "example.com",
      R"([{"id":"old","status":"moved"},{"id":"z1","status":"active"},{"id":"x","status":"pending"}])");
  EXPECT_TRUE(play.present(in_the_zone({page(1, "", 0), write()}, several)));
}

TEST(cloudflare, says_what_a_missing_zone_may_come_from) {
  vendor_play play(script());
  EXPECT_EQ(outcome_of(play.present(zone_of_the_name(find_zone("example.com", "[]")))),
            "cloudflare: zones: no zone of the account holds the name (a token without Zone/Zone/Read sees "
            "none)");
}

TEST(cloudflare, asks_for_the_zone_again_after_a_refusal) {
  vendor_play play(script());
  exchange moved = write();
  moved.status = 400;
  moved.answer = R"({"success":false,"errors":[{"code":7003,"message":"Could not route to /zones/z1"}]})";
  EXPECT_FALSE(play.present(in_the_zone({page(1, "", 0), moved})));
  EXPECT_TRUE(play.present(script().present));
}

TEST(cloudflare, makes_one_sentence_of_the_vendors_errors) {
  vendor_play play(script());
  exchange refused = find_zone("_acme-challenge.www.example.com");
  const exchange asked = refused;
  refused.status = 400;
  refused.answer =
      R"({"success":false,"errors":[{"code":6003,"message":"Invalid request headers for cloudflare-secret-token",)"
      R"("error_chain":[{"code":6111,"message":"Invalid format\r\nfor Authorization header"}]}],"result":null})";
  EXPECT_EQ(
      outcome_of(play.present({refused})),
      "cloudflare: the vendor answered 400: 6003 Invalid request headers for ***; 6111 Invalid format  for "
      "Authorization header");
  exchange unhappy = asked;
  unhappy.answer = R"({"success":false,"errors":[{"code":1001,"message":"later"}]})";
  EXPECT_EQ(outcome_of(play.present({unhappy})), "cloudflare: the vendor answered 200: 1001 later");
  for (const char* body : {"<html>gateway</html>", "", "[]", "null", R"({"success":"true"})",
                           R"({"success":false,"errors":[7,{"code":"x"}]})"}) {
    exchange odd = asked;
    odd.answer = body;
    const std::string sentence = outcome_of(play.present({odd}));
    EXPECT_TRUE(sentence.starts_with("cloudflare: ")) << body << " gave " << sentence;
  }
}

TEST(cloudflare, does_not_repeat_a_write_whose_outcome_is_unknown) {
  vendor_play play(script());
  exchange broken = write();
  broken.status = 502;
  EXPECT_EQ(outcome_of(play.present(in_the_zone({page(1, "", 0), broken}))),
            "cloudflare: the vendor answered 502");
  EXPECT_TRUE(play.sleeps().empty());
}

TEST(cloudflare, waits_as_long_as_the_vendor_says_and_not_for_ever) {
  vendor_play play(script());
  exchange busy = find_zone("_acme-challenge.www.example.com");
  busy.status = 429;
  busy.answer_headers = {{"retry-after", "7200"}};
  exchange vague = busy;
  vague.answer_headers = {{"Retry-After", "soon"}};
  exchange dated = busy;
  dated.answer_headers = {{"Retry-After", "Fri, 02 Jan 2026 03:04:17 GMT"}};
  EXPECT_EQ(outcome_of(play.present({busy, vague, dated, busy})), "cloudflare: the vendor answered 429");
  EXPECT_THAT(play.sleeps(), ElementsAre(30, 2, 12));
}

TEST(cloudflare, reads_zones_with_a_token_of_their_own) {
  vendor_script both = script();
  both.headers.clear();
  both.options["zone_token"] = "zone-secret-token";
  vendor_play play(both);
  EXPECT_TRUE(play.present(both.present));
  ASSERT_EQ(play.requests().size(), 5U);
  const auto authorization = [&](std::size_t nth) {
    std::string out;
    for (const base::http_field& each : play.requests()[nth].headers)
      if (each.name == "Authorization") out += each.value;
    return out;
  };
  for (const std::size_t of_zones : {0, 1, 2}) EXPECT_EQ(authorization(of_zones), "Bearer zone-secret-token");
  for (const std::size_t of_records : {3, 4})
    EXPECT_EQ(authorization(of_records), "Bearer cloudflare-secret-token");
}

TEST(cloudflare, uses_the_global_key_without_a_token) {
  vendor_script key = script();
  key.options = {{"auth_email", "me@example.com"}, {"auth_key", "global-secret-key"}};
  key.headers = {{"X-Auth-Email", "me@example.com"}, {"X-Auth-Key", "global-secret-key"}};
  vendor_play play(key);
  EXPECT_TRUE(play.present(key.present));
  for (const auto& request : play.requests())
    for (const base::http_field& each : request.headers) EXPECT_NE(each.name, "Authorization");
  exchange echo{"GET", search + std::string("1"), "", 403,
                R"({"success":false,"errors":[{"code":1,"message":"global-secret-key is wrong"}]})"};
  EXPECT_EQ(outcome_of(play.present({echo})), "cloudflare: the vendor answered 403: 1 *** is wrong");
}

TEST(cloudflare, takes_ttl_and_timeouts_from_its_options) {
  vendor_script options = script();
  options.options["ttl"] = "300";
  options.options["http_timeout"] = "7";
  vendor_play play(options);
  exchange longer = write();
  longer.body.replace(longer.body.find("120"), 3, "300");
  EXPECT_TRUE(play.present(in_the_zone({page(1, "", 0), longer})));
  for (const auto& request : play.requests()) EXPECT_EQ(request.timeout, std::chrono::seconds(7));
}

TEST(cloudflare, wants_a_token_or_both_of_the_old_credentials) {
  const auto why = [](const std::map<std::string, std::string>& options) {
    return refusal_of_options("cloudflare", options);
  };
  EXPECT_EQ(why({}), "cloudflare: option 'auth_token' is missing (or auth_email with auth_key)");
  EXPECT_EQ(why({{"auth_key", "k"}}), "cloudflare: option 'auth_email' is missing beside auth_key");
  EXPECT_EQ(why({{"auth_email", "e"}}), "cloudflare: option 'auth_key' is missing beside auth_email");
}

}  // namespace
}  // namespace cardea::test_support
