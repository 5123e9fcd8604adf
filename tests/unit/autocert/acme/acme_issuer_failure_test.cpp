#include "autocert/acme/acme_issuer.hpp"
#include "tests/support/acme_fixture.hpp"

#include <filesystem>
#include <fstream>

namespace cardea::test_support {
namespace {

using namespace std::chrono_literals;
using acme_issuer = acme_fixture;
using autocert::acme::errc;
using testing::AllOf;
using testing::HasSubstr;

const std::vector<std::string> names{"a.test", "*.a.test", "b.test"};

const ca_step all_steps[] = {ca_step::directory, ca_step::new_nonce, ca_step::new_account,
                             ca_step::new_order, ca_step::order,     ca_step::authorization,
                             ca_step::challenge, ca_step::finalize,  ca_step::certificate};

std::string number(ca_step step) { return "step " + std::to_string(static_cast<int>(step)); }

TEST_F(acme_issuer, b20_bad_nonces_at_every_step_are_survived) {
  for (const ca_step step : all_steps) {
    if (step == ca_step::directory || step == ca_step::new_nonce) continue;
    ca_.next(step, 63, refused(400, "badNonce", "unlucky"));
    const auto got = issue(names);
    EXPECT_TRUE(got) << number(step) << ": " << got.error().message();
  }
}

TEST_F(acme_issuer, b20_nothing_but_bad_nonces_ends) {
  ca_.next(ca_step::finalize, 100, refused(400, "badNonce", "unlucky"));
  EXPECT_EQ(refusal(names).code, errc::bad_nonce);
  EXPECT_EQ(ca_.count(ca_step::finalize), 64U);
}

TEST_F(acme_issuer, b27_a_refusal_for_good_carries_the_cas_words_and_is_not_repeated) {
  for (const std::string type : {"rejectedIdentifier", "caa", "unsupportedIdentifier", "malformed"}) {
    const auto before = ca_.count(ca_step::new_order);
    ca_.next(ca_step::new_order, refused(403, type, "because of " + type));
    const base::error got = refusal(names);
    EXPECT_EQ(got.code, errc::rejected);
    const std::string words = "order: the CA answered 403 " + type + ": because of " + type;
    EXPECT_TRUE(got.message() == words || (type == "caa" && got.message().starts_with(words + "; to allow it, ")))
        << got.message();
    EXPECT_EQ(ca_.count(ca_step::new_order), before + 1);
  }
  ca_.next(ca_step::finalize, refused(400, "badCSR", "a weak key"));
  EXPECT_EQ(refusal(names).message(), "finalize: the CA answered 400 badCSR: a weak key");
}

TEST_F(acme_issuer, b27_subproblems_say_which_name_is_the_bad_one) {
  auto bad = with_body(R"({"type":"urn:ietf:params:acme:error:compound","detail":"two names","subproblems":[
    {"type":"urn:ietf:params:acme:error:caa","detail":"forbidden","identifier":{"type":"dns","value":"b.test"}}]})");
  bad.answer = [body = bad.answer](base::fetch_response answer) {
    answer.status = 403;
    return body(std::move(answer));
  };
  ca_.next(ca_step::new_order, bad);
  EXPECT_THAT(refusal(names).message(), HasSubstr("two names; b.test: caa: forbidden"));
}

TEST_F(acme_issuer, b24_a_rate_limit_ends_the_order_at_once) {
  ca_.next(ca_step::new_order, refused(429, "rateLimited", "too many", {{"Retry-After", "7200"}}));
  const base::error got = refusal(names);
  EXPECT_EQ(got.code, errc::rate_limited);
  EXPECT_THAT(got.message(), HasSubstr("it asks to wait 7200 seconds"));
  EXPECT_EQ(ca_.count(ca_step::new_order), 1U);
  EXPECT_LE(took(), 1s);
}

TEST_F(acme_issuer, b41_a_failed_validation_says_what_the_ca_saw) {
  ca_.validation_rounds = 3;
  ca_.validation_errors["b.test"] = R"({"type":"urn:ietf:params:acme:error:unauthorized","status":403,
    "detail":"Incorrect TXT record \"x\" found at _acme-challenge.b.test"})";
  const base::error got = refusal(names);
  EXPECT_EQ(got.code, errc::rejected);
  EXPECT_EQ(got.message(),
            "validation failed: b.test: dns-01: the CA answered 403 unauthorized: Incorrect TXT record \"x\" "
            "found at _acme-challenge.b.test");
}

TEST_F(acme_issuer, b28_every_name_that_failed_is_named) {
  ca_.validation_errors["a.test"] = R"({"type":"urn:ietf:params:acme:error:dns","detail":"SERVFAIL"})";
  ca_.validation_errors["b.test"] = R"({"type":"urn:ietf:params:acme:error:caa","detail":"forbidden"})";
  EXPECT_THAT(refusal(names).message(), AllOf(HasSubstr("a.test: dns-01: dns: SERVFAIL"),
                                              HasSubstr("; *.a.test: dns-01: dns: SERVFAIL"),
                                              HasSubstr("; b.test: dns-01: caa: forbidden")));
}

TEST_F(acme_issuer, b41_an_authorization_that_cannot_be_used_says_its_state) {
  for (const std::string state : {"invalid", "expired", "deactivated", "revoked"}) {
    ca_.next(ca_step::authorization,
             with_body(R"({"status":")" + state + R"(","identifier":{"type":"dns","value":"a.test"}})"));
    EXPECT_THAT(refusal(names).message(), HasSubstr("a.test: " + state));
  }
  EXPECT_EQ(vendor_.written, 0U);
  expect_issued(names);
}

TEST_F(acme_issuer, a_name_without_dns_01_is_named) {
  ca_.next(ca_step::authorization,
           with_body(R"({"status":"pending","identifier":{"type":"dns","value":"a.test"},"challenges":
             [{"type":"http-01","url":"https://ca.test/1","token":"t","status":"pending"}]})"));
  EXPECT_THAT(refusal(names).message(), HasSubstr("offers no dns-01 for a.test"));
}

TEST_F(acme_issuer, b41_an_order_that_dies_while_issuing_says_why) {
  ca_.issuing_rounds = 3;
  ca_.authorizations_are_reused = true;
  ca_.next(ca_step::order, with_body(R"({"status":"invalid","finalize":"https://ca.test/finalize/0","error":
    {"type":"urn:ietf:params:acme:error:caa","detail":"CAA rechecked"}})"));
  EXPECT_THAT(refusal({"a.test"}).message(), testing::StartsWith("the order became invalid: caa: CAA rechecked"));
}

TEST_F(acme_issuer, b41_an_order_that_dies_without_a_word_has_its_authorizations_asked) {
  ca_.authorizations_are_reused = true;
  ca_.next(ca_step::order, with_body(R"({"status":"invalid","finalize":"https://ca.test/finalize/0",
    "authorizations":["https://ca.test/authz/0"]})"));
  ca_.next(ca_step::authorization,
           with_body(R"({"status":"invalid","identifier":{"type":"dns","value":"a.test"},"challenges":[
             {"type":"dns-01","url":"u","token":"t","error":{"detail":"the record went away"}}]})"));
  EXPECT_EQ(refusal({"a.test"}).message(), "the order became invalid: a.test: dns-01: the record went away");
}

TEST_F(acme_issuer, a_validation_without_end_is_given_up_after_five_minutes_however_many_names) {
  ca_.validation_rounds = 1'000'000;
  const base::error got = refusal(names);
  EXPECT_EQ(got.code, base::errc::timed_out);
  EXPECT_THAT(got.message(), AllOf(HasSubstr("a.test"), HasSubstr("b.test")));
  EXPECT_GE(took(), 299s);
  EXPECT_LE(took(), 310s);
}

TEST_F(acme_issuer, issuing_without_end_is_given_up_after_five_minutes) {
  ca_.issuing_rounds = 1'000'000;
  ca_.waiting_fields = {{"Retry-After", "30"}};
  EXPECT_EQ(refusal(names).code, base::errc::timed_out);
  EXPECT_GE(took(), 299s);
  EXPECT_LE(took(), 340s);
}

TEST_F(acme_issuer, the_whole_order_ends_within_an_hour_and_cleans_up) {
  vendor_.visible_after = 10h;
  const base::error got = refusal(names);
  EXPECT_EQ(got.code, base::errc::timed_out);
  EXPECT_THAT(got.message(), HasSubstr("60 minutes"));
  EXPECT_GE(took(), 3'600s);
  EXPECT_LE(took(), 3'602s);
  vendor_.visible_after = 0s;
  expect_issued(names);
}

TEST_F(acme_issuer, a_vendor_that_refuses_ends_the_order_before_the_ca_looks) {
  vendor_.refuses_writes = true;
  EXPECT_THAT(refusal(names).message(), HasSubstr("_acme-challenge.a.test: the vendor says no"));
  EXPECT_EQ(ca_.count(ca_step::challenge), 0U);
}

TEST_F(acme_issuer, b52_a_chain_that_is_not_the_ordered_one_is_refused) {
  const tests::test_ca other("other");
  const struct {
    const char* name;
    std::function<std::string(std::string)> change;
    const char* why;
  } rows[] = {
      {"somebody else's",
       [&](const std::string&) { return other.issue("DNS:a.test,DNS:*.a.test,DNS:b.test").certificate; },
       "another key"},
      {"the root first", [&](const std::string& pem) { return ca_.root_pem() + pem; }, "another key"},
      {"cut", [](const std::string& pem) { return pem.substr(0, pem.size() - 100); }, "damaged"},
      {"a page", [](const std::string&) { return std::string("<html>"); }, "no certificate"}};
  for (const auto& row : rows) {
    ca_.change_chain = row.change;
    const base::error got = refusal(names);
    EXPECT_EQ(got.code, errc::unusable_certificate) << row.name;
    EXPECT_THAT(got.message(), HasSubstr(row.why)) << row.name;
  }
}

// A lost answer is the hard case: the CA has acted already.
TEST_F(acme_issuer, one_lost_message_at_any_step_does_not_matter) {
  for (const bool seen : {false, true}) {
    for (const ca_step step : all_steps) {
      restart();
      ca_.next(step, seen ? answer_lost() : request_lost());
      const auto got = issue(names);
      EXPECT_TRUE(got) << number(step) << (seen ? " answer: " : " request: ") << got.error().message();
      EXPECT_TRUE(vendor_.records.empty()) << number(step);
    }
  }
}

TEST_F(acme_issuer, a_validation_that_failed_while_its_answer_was_lost_says_why) {
  ca_.validation_errors["a.test"] = R"({"type":"urn:ietf:params:acme:error:dns","detail":"SERVFAIL"})";
  ca_.next(ca_step::challenge, answer_lost());
  EXPECT_EQ(refusal({"a.test"}).message(), "validation failed: a.test: dns-01: dns: SERVFAIL");
}

TEST_F(acme_issuer, b23_a_ca_that_says_at_once_is_not_flooded) {
  ca_.validation_rounds = 1'000'000;
  ca_.waiting_fields = {{"Retry-After", "0"}};
  EXPECT_EQ(refusal({"a.test"}).code, base::errc::timed_out);
  EXPECT_LE(ca_.count(ca_step::authorization), 160U) << "every two seconds for five minutes";
}

TEST_F(acme_issuer, fails_cleanly_at_every_step) {
  const std::pair<const char*, acme_ca::twist> faults[] = {
      {"a page", with_body("<html>")},
      {"nothing", with_body("")},
      {"an empty object", with_body("{}")},
      {"a list", with_body("[[[[")},
      {"silence", request_lost()},
      {"an outage", refused(500, "serverInternal", "broken")},
      {"a refusal", refused(403, "unauthorized", "no")},
      {"not found", refused(404, "malformed", "gone")}};
  for (const auto& [what, fault] : faults) {
    for (const ca_step step : all_steps) {
      // The answer to a HEAD has no body, and the one to a challenge tells us nothing.
      const bool has_body = step != ca_step::new_nonce && step != ca_step::challenge &&
                            step != ca_step::new_account && step != ca_step::finalize;
      const bool is_body = fault.reaches == acme_ca::twist::effect::full;
      if (is_body && !has_body) continue;
      // A refusal that brings a nonce is good enough.
      if (step == ca_step::new_nonce && fault.reaches == acme_ca::twist::effect::checked) continue;
      restart();
      ca_.next(step, 3, fault);
      const auto got = issue(names);
      EXPECT_FALSE(got) << what << " at " << number(step);
      EXPECT_TRUE(vendor_.records.empty()) << what << " at " << number(step);
      ca_.clear_twists();
      expect_issued(names);
    }
  }
}

TEST_F(acme_issuer, an_account_or_order_without_an_address_is_an_error) {
  ca_.next(ca_step::new_account, 2, without_field("Location"));
  EXPECT_EQ(refusal(names).code, errc::malformed_answer);
  ca_.next(ca_step::new_order, without_field("Location"));
  EXPECT_EQ(refusal(names).code, errc::malformed_answer);
  expect_issued(names);
}

TEST_F(acme_issuer, an_account_key_that_is_none_ends_the_order_before_the_ca_is_asked) {
  std::ofstream(account_.key_path) << "torn";
  EXPECT_EQ(refusal(names).code, errc::account_key);
  EXPECT_TRUE(ca_.requests.empty());
  std::filesystem::remove(account_.key_path);
  expect_issued(names);
}

}  // namespace
}  // namespace cardea::test_support
