// Goal: every request to Cloudflare is the right one, and every kind of answer
// is understood. Method: scripted conversations.
#include "tests/support/vendor_script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* records = "/zones/z1/dns_records";
constexpr const char* search =
    "/zones/z1/dns_records?type=TXT&name=_acme-challenge.www.example.com&per_page=100&page=";

exchange find_zone(const std::string& name = "example.com", const std::string& result = R"([{"id":"z1"}])") {
  return {"GET", "/zones?name=" + name + "&per_page=50", "", 200,
          R"({"success":true,"result":)" + result + "}"};
}

exchange write(const std::string& id = "r1", std::string_view value = first_value) {
  const std::string body = R"({"type":"TXT","name":"_acme-challenge.www.example.com","content":"\")" +
                           std::string(value) + R"(\"","ttl":120})";
  return {"POST", records, body, 200, R"({"success":true,"result":{"id":")" + id + R"("}})"};
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
          R"({"success":true,"result":[)" + result + R"(],"result_info":{"page":1,"total_pages":)" +
              std::to_string(of) + "}}"};
}

std::string entry(const std::string& id, std::string_view content) {
  return R"({"id":")" + id + R"(","content":")" + std::string(content) + R"("})";
}

vendor_script script() {
  return {.provider = "cloudflare",
          .options = {{"auth_token", "cloudflare-secret-token"}},
          .headers = {{"Authorization", "Bearer cloudflare-secret-token"}, {"Accept", "application/json"}},
          .present = {find_zone(), write()},
          .clean_up = {remove()}};
}

std::string outcome_of(const base::result<void>& outcome) {
  return outcome ? "success" : outcome.error().message();
}

TEST(cloudflare, writes_a_record_and_removes_it) { check_vendor(script()); }

TEST(cloudflare, keeps_two_values_at_one_name_and_removes_each_by_its_own_id) {
  vendor_play play(script());
  EXPECT_TRUE(play.present(script().present));
  EXPECT_TRUE(play.present({write("r2", second_value)}, make_record(second_value)));
  EXPECT_TRUE(play.clean_up({remove("r1")}));
  EXPECT_TRUE(play.clean_up({remove("r2")}, make_record(second_value)));
}

TEST(cloudflare, takes_a_record_that_is_there_already_for_its_own) {
  for (const int code : {81057, 81058}) {
    vendor_play play(script());
    EXPECT_EQ(outcome_of(play.present({find_zone(), exists(code)})), "success") << code;
    const exchange found = page(1, entry("foreign", second_value) + "," + entry("r7", first_value), 1);
    EXPECT_EQ(outcome_of(play.clean_up({found, remove("r7")})), "success") << code;
  }
}

TEST(cloudflare, presents_twice_and_removes_once) {
  vendor_play play(script());
  EXPECT_TRUE(play.present(script().present));
  EXPECT_TRUE(play.present({exists(81058)}));
  EXPECT_TRUE(play.clean_up({remove("r1")})) << "the id of the first answer still counts";
}

TEST(cloudflare, finds_its_record_page_by_page_after_a_restart) {
  vendor_play play(script());
  const exchange first = page(1, entry("foreign", second_value), 2);
  const exchange second = page(2, entry("r9", "\\\"" + std::string(first_value) + "\\\""), 2);
  EXPECT_EQ(outcome_of(play.clean_up({find_zone(), first, second, remove("r9")})), "success");
}

TEST(cloudflare, has_nothing_to_remove_when_only_foreign_values_are_there) {
  vendor_play play(script());
  EXPECT_TRUE(play.clean_up({find_zone(), page(1, entry("foreign", second_value), 1)}));
  EXPECT_TRUE(play.clean_up({page(1, "", 0)}));
  // A vendor that does not count its pages ends with an empty one.
  const exchange uncounted{"GET", search + std::string("1"), "", 200,
                           R"({"success":true,"result":[{"id":"f","content":"x"}]})"};
  const exchange end{"GET", search + std::string("2"), "", 200, R"({"success":true,"result":[]})"};
  EXPECT_TRUE(play.clean_up({uncounted, end}));
}

TEST(cloudflare, takes_a_record_that_is_gone_for_removed) {
  vendor_play play(script());
  EXPECT_TRUE(play.present(script().present));
  exchange gone = remove();
  gone.status = 404;
  gone.answer = R"({"success":false,"errors":[{"code":81044,"message":"Record does not exist."}]})";
  EXPECT_EQ(outcome_of(play.clean_up({gone})), "success");
}

TEST(cloudflare, tries_a_removal_again_that_failed_with_what_it_knows) {
  vendor_play play(script());
  EXPECT_TRUE(play.present(script().present));
  exchange refused = remove();
  refused.status = 403;
  refused.answer = R"({"success":false,"errors":[{"code":9109,"message":"Unauthorized"}]})";
  EXPECT_EQ(outcome_of(play.clean_up({refused})), "cloudflare: the vendor answered 403: 9109 Unauthorized");
  EXPECT_EQ(outcome_of(play.clean_up({remove("r1")})), "success");
}

TEST(cloudflare, uses_the_sub_zone_that_the_dns_shows) {
  vendor_script sub = script();
  sub.zone = "www.example.com";
  vendor_play play(sub);
  EXPECT_TRUE(play.present({find_zone("www.example.com"), write()}));
}

TEST(cloudflare, goes_up_to_the_parent_zone_that_the_account_hosts) {
  vendor_script sub = script();
  sub.zone = "www.example.com";
  vendor_play play(sub);
  EXPECT_TRUE(play.present({find_zone("www.example.com", "[]"), find_zone("example.com"), write()}));
}

TEST(cloudflare, prefers_the_active_one_of_two_zones_with_one_name) {
  vendor_play play(script());
  const exchange two = find_zone(
      "example.com",
      R"([{"id":"old","status":"moved"},{"id":"z1","status":"active"},{"id":"x","status":"pending"}])");
  EXPECT_TRUE(play.present({two, write()}));
}

TEST(cloudflare, names_the_record_when_no_zone_of_the_account_holds_it) {
  vendor_play play(script());
  EXPECT_EQ(
      outcome_of(play.present({find_zone("example.com", "[]")})),
      "cloudflare: no zone for _acme-challenge.www.example.com (a token without Zone/Zone/Read sees none "
      "either)");
}

TEST(cloudflare, asks_for_the_zone_again_after_a_failed_write) {
  vendor_play play(script());
  exchange moved = write();
  moved.status = 404;
  moved.answer = R"({"success":false,"errors":[{"code":7003,"message":"Could not route to /zones/z1"}]})";
  EXPECT_FALSE(play.present({find_zone(), moved}));
  EXPECT_TRUE(play.present({find_zone(), write()}));
}

TEST(cloudflare, makes_one_sentence_of_the_vendors_errors) {
  vendor_play play(script());
  exchange refused = find_zone();
  refused.status = 400;
  refused.answer =
      R"({"success":false,"errors":[{"code":6003,"message":"Invalid request headers for cloudflare-secret-token",)"
      R"("error_chain":[{"code":6111,"message":"Invalid format\r\nfor Authorization header"}]}],"result":null})";
  EXPECT_EQ(
      outcome_of(play.present({refused})),
      "cloudflare: the vendor answered 400: 6003 Invalid request headers for ***; 6111 Invalid format  for "
      "Authorization header");
  exchange unhappy = find_zone();
  unhappy.answer = R"({"success":false,"errors":[{"code":1001,"message":"later"}]})";
  EXPECT_EQ(outcome_of(play.present({unhappy})), "cloudflare: the vendor answered 200: 1001 later");
  for (const char* body :
       {"<html>gateway</html>", "", "[]", "null", R"({"success":"true"})", R"({"success":true,"result":7})",
        R"({"success":false,"errors":[7,{"code":"x"}]})"}) {
    exchange odd = find_zone();
    odd.answer = body;
    const std::string sentence = outcome_of(play.present({odd}));
    EXPECT_TRUE(sentence.starts_with("cloudflare: ")) << body << " gave " << sentence;
  }
}

TEST(cloudflare, does_not_repeat_a_write_whose_outcome_is_unknown) {
  vendor_play play(script());
  exchange broken = write();
  broken.status = 502;
  EXPECT_EQ(outcome_of(play.present({find_zone(), broken})), "cloudflare: the vendor answered 502");
  EXPECT_TRUE(play.sleeps().empty());
}

TEST(cloudflare, waits_as_long_as_the_vendor_says_and_not_for_ever) {
  vendor_play play(script());
  exchange busy = find_zone();
  busy.status = 429;
  busy.answer_headers = {{"retry-after", "7200"}};
  exchange vague = busy;
  vague.answer_headers = {{"Retry-After", "Fri, 02 Jan 2026 03:04:05 GMT"}};
  EXPECT_EQ(outcome_of(play.present({busy, vague, vague, busy})), "cloudflare: the vendor answered 429");
  EXPECT_THAT(play.sleeps(), ElementsAre(30, 2, 4));
}

TEST(cloudflare, reads_zones_with_a_token_of_their_own) {
  vendor_script both = script();
  both.headers.clear();
  both.options["zone_token"] = "zone-secret-token";
  vendor_play play(both);
  EXPECT_TRUE(play.present(both.present));
  ASSERT_EQ(play.requests().size(), 2U);
  const auto authorization = [&](std::size_t nth) {
    std::string out;
    for (const base::http_field& each : play.requests()[nth].headers)
      if (each.name == "Authorization") out += each.value;
    return out;
  };
  EXPECT_EQ(authorization(0), "Bearer zone-secret-token");
  EXPECT_EQ(authorization(1), "Bearer cloudflare-secret-token");
}

TEST(cloudflare, uses_the_global_key_without_a_token) {
  vendor_script key = script();
  key.options = {{"auth_email", "me@example.com"}, {"auth_key", "global-secret-key"}};
  key.headers = {{"X-Auth-Email", "me@example.com"}, {"X-Auth-Key", "global-secret-key"}};
  vendor_play play(key);
  EXPECT_TRUE(play.present(key.present));
  for (const auto& request : play.requests())
    for (const base::http_field& each : request.headers) EXPECT_NE(each.name, "Authorization");
  exchange echo = write();
  echo.status = 403;
  echo.answer = R"({"success":false,"errors":[{"code":1,"message":"global-secret-key is wrong"}]})";
  EXPECT_THAT(outcome_of(play.present({echo})), Not(HasSubstr("global-secret-key")));
}

TEST(cloudflare, takes_ttl_and_timeouts_from_its_options) {
  vendor_script options = script();
  options.options["ttl"] = "300";
  options.options["http_timeout"] = "7";
  vendor_play play(options);
  exchange longer = write();
  longer.body.replace(longer.body.find("120"), 3, "300");
  EXPECT_TRUE(play.present({find_zone(), longer}));
  for (const auto& request : play.requests()) EXPECT_EQ(request.timeout, std::chrono::seconds(7));
}

}  // namespace
}  // namespace cardea::test_support
