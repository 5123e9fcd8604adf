// Goal: every name is proven by the first type that works, within one attempt.
// Method: a CA that looks as each type's specification says.
#include "autocert/acme/acme_issuer.hpp"
#include "base/atomic_file.hpp"
#include "tests/support/acme_fixture.hpp"

#include <filesystem>

namespace cardea::test_support {
namespace {

using namespace std::chrono_literals;
using acme_issuer = acme_fixture;
using autocert::acme::errc;
using config::challenge_type;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::vector<challenge_type> listeners{challenge_type::http01, challenge_type::tls_alpn01};

TEST_F(acme_issuer, b60_names_and_addresses_are_proven_by_http01) {
  types_ = {challenge_type::http01};
  expect_issued({"a.test", "b.test", "192.0.2.1", "2001:db8::1"});
  EXPECT_EQ(ca_.count(ca_step::new_order), 1U);
  EXPECT_TRUE(board_.empty());
  EXPECT_EQ(ca_.listeners, nullptr) << "taken back";
}

TEST_F(acme_issuer, b63_names_and_addresses_are_proven_by_tls_alpn01) {
  types_ = {challenge_type::tls_alpn01};
  expect_issued({"a.test", std::string(63, 'x') + "." + std::string(40, 'y') + ".test", "192.0.2.1"});
  EXPECT_EQ(ca_.count(ca_step::new_order), 1U);
  EXPECT_TRUE(board_.empty());
}

TEST_F(acme_issuer, b72_names_are_proven_below_a_label_of_the_account) {
  types_ = {challenge_type::dns_account01};
  ca_.offers = {"dns-01", "dns-account-01"};
  expect_issued({"a.test", "*.a.test", "b.test"});
  EXPECT_EQ(vendor_.written, 3U);
  EXPECT_THAT(vendor_.records, IsEmpty());
}

TEST_F(acme_issuer, b72_it_works_beside_dns01) {
  vendor_.records.insert({"_acme-challenge.a.test", "of another account"});
  types_ = {challenge_type::dns_account01, challenge_type::dns01};
  ca_.offers = {"dns-01", "dns-account-01"};
  ca_.unreachable = {"dns-account-01"};
  expect_issued({"a.test"});
  EXPECT_EQ(vendor_.written, 2U);
  EXPECT_EQ(vendor_.records.size(), 1U);
}

TEST_F(acme_issuer, b29_a_type_that_the_ca_finds_wanting_is_replaced_in_another_order) {
  types_ = listeners;
  ca_.unreachable = {"http-01"};
  expect_issued({"a.test", "b.test"});
  EXPECT_EQ(ca_.count(ca_step::new_order), 2U);
  EXPECT_EQ(ca_.count(ca_step::challenge), 4U);
  expect_issued({"a.test"});
  EXPECT_EQ(ca_.count(ca_step::new_order), 4U) << "the next attempt begins with what is preferred";
}

TEST_F(acme_issuer, b29_a_type_that_cannot_be_presented_is_replaced_within_the_order) {
  types_ = {challenge_type::dns01, challenge_type::http01};
  vendor_.refuses_writes = true;
  expect_issued({"a.test", "b.test"});
  EXPECT_EQ(ca_.count(ca_step::new_order), 1U);
  EXPECT_EQ(ca_.count(ca_step::challenge), 2U);
}

TEST_F(acme_issuer, b29_when_all_types_fail_each_reason_is_told) {
  types_ = listeners;
  ca_.unreachable = {"http-01", "tls-alpn-01"};
  const base::error got = refusal({"a.test"});
  EXPECT_EQ(got.code, errc::rejected);
  EXPECT_THAT(got.message(), AllOf(HasSubstr("no proof of a.test by http-01"),
                                   HasSubstr("; a.test: tls-alpn-01: "), HasSubstr("by tls-alpn-01")));
  EXPECT_EQ(ca_.count(ca_step::new_order), 2U);
  EXPECT_TRUE(board_.empty());
}

TEST_F(acme_issuer, b29_a_type_that_the_ca_does_not_offer_is_passed_over) {
  types_ = {challenge_type::dns_account01, challenge_type::http01};
  expect_issued({"a.test"});
  EXPECT_EQ(ca_.count(ca_step::new_order), 1U);
  EXPECT_EQ(vendor_.written, 0U);
}

TEST_F(acme_issuer, b29_only_the_names_that_failed_change_their_type) {
  types_ = {challenge_type::http01, challenge_type::dns01};
  expect_issued({"a.test", "*.a.test"});
  EXPECT_EQ(vendor_.written, 1U) << "a wildcard is never asked for by http-01 (B73)";
  EXPECT_EQ(ca_.count(ca_step::new_order), 1U);
}

TEST_F(acme_issuer, b29_a_limit_of_the_ca_is_no_reason_for_another_type) {
  types_ = listeners;
  ca_.next(ca_step::challenge, refused(429, "rateLimited", "too many"));
  EXPECT_EQ(refusal({"a.test"}).code, errc::rate_limited);
  EXPECT_EQ(ca_.count(ca_step::new_order), 1U);
  EXPECT_TRUE(board_.empty());
}

TEST_F(acme_issuer, b29_the_number_of_orders_of_an_attempt_is_bounded) {
  types_ = {challenge_type::http01, challenge_type::tls_alpn01, challenge_type::dns01};
  ca_.unreachable = {"http-01", "tls-alpn-01"};
  // Of six names one fails in each order, for as long as it has another type.
  ca_.validation_rounds = 0;
  const std::vector<std::string> six{"a.test", "b.test", "c.test", "d.test", "e.test", "f.test"};
  expect_issued(six);
  EXPECT_LE(ca_.count(ca_step::new_order), 5U);
}

TEST_F(acme_issuer, b66_no_challenge_is_answered_before_the_listeners_have_it) {
  types_ = listeners;
  // The CA looks at the very moment at which the challenge is answered, and finds it.
  expect_issued({"a.test", "b.test"});
  EXPECT_THAT(ca_.refusals(), Not(testing::Contains(HasSubstr("no proof"))));
  EXPECT_EQ(ca_.count(ca_step::new_order), 1U);
}

TEST_F(acme_issuer, b55_an_order_withdrawn_while_listeners_answer_takes_it_back) {
  types_ = {challenge_type::http01};
  ca_.validation_rounds = 1'000;
  begin({"a.test"});
  time_.run_for(10s);
  EXPECT_NE(ca_.listeners, nullptr);
  running_->cancel();
  time_.settle();
  EXPECT_EQ(finish().error().code, base::errc::cancelled);
  EXPECT_EQ(ca_.listeners, nullptr);
}

TEST_F(acme_issuer, b53_a_caa_record_that_forbids_is_told_with_the_record_that_allows) {
  ca_.caa_identities = {"ca.test"};
  types_ = {challenge_type::dns01, challenge_type::http01};
  ca_.validation_errors["a.test"] = R"({"type":"urn:ietf:params:acme:error:caa","status":403,
    "detail":"CAA record for a.test prevents issuance"})";
  const base::error got = refusal({"a.test", "*.a.test"});
  EXPECT_EQ(got.code, errc::rejected);
  EXPECT_THAT(got.message(), AllOf(HasSubstr("CAA record for a.test prevents issuance"),
                                   HasSubstr(R"(publish the DNS record: NAME CAA 0 issue "ca.test")"),
                                   HasSubstr("issuewild")));
  EXPECT_EQ(ca_.count(ca_step::new_order), 1U) << "no other proof would change that";
  ca_.validation_errors.clear();
  ca_.next(ca_step::new_order, refused(403, "caa", "forbidden"));
  EXPECT_THAT(refusal({"a.test"}).message(),
              AllOf(HasSubstr("forbidden; to allow it"), Not(HasSubstr("wild"))));
}

class persistent : public acme_fixture {
 protected:
  persistent() {
    types_ = {challenge_type::dns_persist01};
    ca_.offers = {"dns-01", "dns-persist-01"};
    ca_.issuers = {"ca.test", "other-ca.test"};
  }
  /// What the operator was told to publish: "NAME. TXT "VALUE"" lines.
  std::string told() {
    const auto text = base::read_file(folder_ / "dns-persist", 10'000);
    return text ? *text : "";
  }
  /// Publishes all that was told.
  void obey() {
    std::string text = told();
    for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      const std::string line = text.substr(0, end);
      text.erase(0, end + 1);
      const auto split = line.find(". TXT \"");
      ASSERT_NE(split, std::string::npos) << line;
      vendor_.records.insert({line.substr(0, split), line.substr(split + 7, line.size() - split - 8)});
    }
  }
};

TEST_F(persistent, b71_without_a_record_nothing_is_ordered_and_the_operator_is_told_which) {
  const auto got = issue({"a.test"});
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().message(),
              AllOf(HasSubstr("_validation-persist.a.test: there is no record for the CA"),
                    HasSubstr("publish _validation-persist.a.test. TXT \"ca.test; accounturi=")));
  EXPECT_EQ(ca_.count(ca_step::new_order), 0U);
  EXPECT_EQ(told(), "_validation-persist.a.test. TXT \"ca.test; accounturi=https://ca.test/acct/0\"\n");
}

TEST_F(persistent, b71_with_the_records_every_order_succeeds_and_they_stay) {
  EXPECT_FALSE(issue({"a.test", "*.a.test", "b.test"}));
  obey();
  for (int i = 0; i < 2; ++i) expect_issued({"a.test", "*.a.test", "b.test"});
  EXPECT_EQ(vendor_.records.size(), 2U) << "a name and its wildcard share one";
  EXPECT_EQ(ca_.count(ca_step::new_order), 2U);
}

TEST_F(persistent, b71_an_account_is_hashed_where_the_ca_wants_it) {
  ca_.account_hash_prefix = "https://ca.test/account-hash/";
  EXPECT_FALSE(issue({"a.test"}));
  EXPECT_THAT(told(), HasSubstr("accounturi=https://ca.test/account-hash/sha-256/"));
  obey();
  expect_issued({"a.test"});
}

TEST_F(persistent, b71_a_ca_that_names_itself_only_in_the_challenge_is_served) {
  ca_.next(ca_step::directory, 10, changed([](base::fetch_response& answer) {
             const auto at = answer.body.find(",\"issuerDomainNames\":[\"ca.test\",\"other-ca.test\"]");
             ASSERT_NE(at, std::string::npos) << answer.body;
             answer.body.erase(at,
                               std::string(",\"issuerDomainNames\":[\"ca.test\",\"other-ca.test\"]").size());
           }));
  EXPECT_FALSE(issue({"a.test"}));
  EXPECT_EQ(ca_.count(ca_step::challenge), 0U) << "never asked to look in vain";
  obey();
  expect_issued({"a.test"});
}

TEST_F(persistent, b71_a_record_that_is_missing_leaves_the_name_to_the_next_type) {
  types_ = {challenge_type::dns_persist01, challenge_type::dns01};
  expect_issued({"a.test"});
  EXPECT_EQ(ca_.count(ca_step::new_order), 1U);
  EXPECT_EQ(vendor_.written, 1U);
}

}  // namespace
}  // namespace cardea::test_support
