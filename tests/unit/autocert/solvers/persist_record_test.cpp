#include "autocert/solvers/persist_record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cardea::autocert::solvers {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const base::wall_time now{std::chrono::seconds(1'800'000'000)};
const persist_demand demand{{"ca.test", "ca2.test"}, {"https://ca.test/acct/1"}, false};

TEST(persist_record, b71_is_read_as_it_is_written) {
  const persist_record all{"ca.test", "https://ca.test/acct/1", true, now};
  EXPECT_EQ(all.to_text(),
            "ca.test; accounturi=https://ca.test/acct/1; policy=wildcard; persistUntil=1800000000");
  const auto again = persist_record::parse(all.to_text());
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->issuer, all.issuer);
  EXPECT_EQ(again->account_uri, all.account_uri);
  EXPECT_TRUE(again->wildcard);
  EXPECT_EQ(again->persist_until, all.persist_until);
}

TEST(persist_record, b71_tags_have_no_case_blanks_do_not_count_and_unknown_tags_are_ignored) {
  const auto found = persist_record::parse(
      "  CA.test. ;\tAccountURI = https://ca.test/acct/1 ;POLICY=WildCard; new-tag=x; persistuntil=7");
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->issuer, "ca.test");
  EXPECT_EQ(found->account_uri, "https://ca.test/acct/1");
  EXPECT_TRUE(found->wildcard);
  EXPECT_EQ(found->persist_until, base::wall_time(7s));
  EXPECT_FALSE(persist_record::parse("ca.test; accounturi=u; policy=other")->wildcard);
}

TEST(persist_record, b71_what_is_twice_empty_or_no_number_is_malformed) {
  const struct {
    const char* text;
    const char* why;
  } rows[] = {{"", "the name of a CA"},
              {"; accounturi=u", "the name of a CA"},
              {"-ca-; accounturi=u", "the name of a CA"},
              {"ca.test", "no accounturi"},
              {"ca.test;", "no accounturi"},
              {"ca.test; accounturi", "without a tag or a value"},
              {"ca.test; accounturi=", "without a tag or a value"},
              {"ca.test; =u", "without a tag or a value"},
              {"ca.test; -x=u", "without a tag or a value"},
              {"ca.test; accounturi=a b", "without a tag or a value"},
              {"ca.test; accounturi=u;; policy=wildcard", "without a tag or a value"},
              {"ca.test; accounturi=u;", "ends with an empty parameter"},
              {"ca.test; accounturi=u; ACCOUNTURI=v", "stands twice"},
              {"ca.test; accounturi=u; x=1; X=1", "stands twice"},
              {"ca.test; accounturi=u; persistUntil=soon", "persistUntil"},
              {"ca.test; accounturi=u; persistUntil=1.5", "persistUntil"},
              {"ca.test; accounturi=u; persistUntil=-1", "persistUntil"},
              {"ca.test; accounturi=u; persistUntil=99999999999999999999", "persistUntil"}};
  for (const auto& row : rows) {
    const auto found = persist_record::parse(row.text);
    ASSERT_FALSE(found) << row.text;
    EXPECT_THAT(found.error().message(), HasSubstr(row.why)) << row.text;
  }
  EXPECT_FALSE(persist_record::parse("ca.test; accounturi=" + std::string(5'000, 'u')));
  EXPECT_TRUE(persist_record::parse("ca.test; accounturi=u; persistUntil=9999999999999"));
}

std::string choose(const std::vector<std::string>& values, bool wildcard = false) {
  persist_demand wanted = demand;
  wanted.wildcard = wildcard;
  const auto found = choose_record(values, wanted, now);
  return found ? "good" : found.error().message();
}

TEST(persist_record, b71_the_one_for_the_ca_and_the_account_counts) {
  EXPECT_EQ(choose({"else.test; accounturi=x", "ca2.test; accounturi=https://ca.test/acct/1"}), "good");
  EXPECT_EQ(choose({}), "there is no record for the CA");
  EXPECT_EQ(choose({"else.test; accounturi=x", "v=spf1 -all"}), "there is no record for the CA");
  EXPECT_EQ(choose({"ca.test; accounturi=https://ca.test/acct/2"}),
            "the record is for another account, https://ca.test/acct/2");
  EXPECT_THAT(choose({"ca.test; accounturi=HTTPS://ca.test/acct/1"}), HasSubstr("another account"));
  EXPECT_EQ(choose({"ca.test; accounturi"}),
            "the record for ca.test is malformed: a parameter without a tag or a value");
  EXPECT_EQ(
      choose({"ca.test; accounturi=https://ca.test/acct/2", "ca.test; accounturi=https://ca.test/acct/1"}),
      "good");
}

TEST(persist_record, b71_a_wildcard_needs_its_policy_and_an_end_is_an_end) {
  EXPECT_EQ(choose({"ca.test; accounturi=https://ca.test/acct/1"}, true), "the record lacks policy=wildcard");
  EXPECT_EQ(choose({"ca.test; accounturi=https://ca.test/acct/1; policy=wildcard"}, true), "good");
  EXPECT_EQ(choose({"ca.test; accounturi=https://ca.test/acct/1; persistUntil=1800000001"}), "good");
  EXPECT_EQ(choose({"ca.test; accounturi=https://ca.test/acct/1; persistUntil=1800000000"}),
            "the record has ended at 2027-01-15T08:00:00Z");
}

TEST(persist_record, b71_an_account_stands_as_it_is_or_hashed) {
  EXPECT_EQ(account_uri_of("https://ca.test/acct/1", "thumb", "a.test", ""), "https://ca.test/acct/1");
  // printf '\006a.testthumbhttps://ca.test/acct/1' | openssl sha256 -binary | basenc --base64url
  EXPECT_EQ(account_uri_of("https://ca.test/acct/1", "thumb", "a.test", "https://ca.test/h/"),
            "https://ca.test/h/sha-256/i4j_0vYgxqMid77x6QFccD5xjivisia1hX5VchlkHWw");
}

// The draft's own example (draft-ietf-acme-dns-persist-02 section 10.2).
TEST(persist_record, b71_a_hashed_account_is_that_of_the_drafts_example) {
  const std::string thumbprint = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
  const std::string prefix = "https://ca.example/account-hash/";
  EXPECT_EQ(account_uri_of("https://ca.example/acct/123", thumbprint, "example.com", prefix),
            prefix + "sha-256/5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw");
  EXPECT_EQ(account_uri_of("https://ca.example/acct/123", thumbprint, "*", prefix),
            prefix + "sha-256/NpDnSwUthQK8zCgFdefYxAdAVPnygMLbs9US6oO-5ug");
}

}  // namespace
}  // namespace cardea::autocert::solvers
