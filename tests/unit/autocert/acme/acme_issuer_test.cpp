#include "autocert/acme/acme_issuer.hpp"

#include "base/atomic_file.hpp"
#include "base/text.hpp"
#include "tests/support/acme_fixture.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <ctime>
#include <filesystem>

namespace cardea::test_support {
namespace {

using namespace std::chrono_literals;
using acme_issuer = acme_fixture;
using autocert::acme::errc;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<std::string> names{"a.test", "*.a.test"};

std::string http_date(base::wall_time when) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(when);
  std::array<char, 64> out{};
  std::strftime(out.data(), out.size(), "%a, %d %b %Y %H:%M:%S GMT", std::gmtime(&seconds));
  return out.data();
}

// When each request of a kind came, in seconds after the first of them.
std::vector<long> times_of(const acme_ca& ca, ca_step step) {
  std::vector<long> out;
  std::optional<base::wall_time> first;
  for (const auto& each : ca.requests) {
    if (each.step != step) continue;
    if (!first) first = each.at;
    out.push_back(std::chrono::round<std::chrono::seconds>(each.at - *first).count());
  }
  return out;
}

TEST_F(acme_issuer, registers_orders_proves_and_downloads) {
  const auto got = issue(names);
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_TRUE(got->starts_with("-----BEGIN CERTIFICATE-----"));
  EXPECT_TRUE(got->ends_with(ca_.root_pem()));
  EXPECT_EQ(ca_.account_count(), 1U);
  EXPECT_EQ(ca_.count(ca_step::new_order), 1U);
  EXPECT_EQ(ca_.count(ca_step::finalize), 1U);
  EXPECT_EQ(ca_.count(ca_step::certificate), 1U);
  EXPECT_THAT(ca_.refusals(), ElementsAre("accountDoesNotExist: no account has this key"));
  EXPECT_LE(took(), 2s);
}

// Both names are proven at one DNS name, where the vendor keeps a single value.
TEST_F(acme_issuer, proves_names_one_after_the_other_at_a_vendor_with_one_slot) {
  vendor_.has_one_slot = true;
  expect_issued(names);
  EXPECT_EQ(vendor_.written, 2U);
  EXPECT_THAT(vendor_.records, IsEmpty());
}

TEST_F(acme_issuer, says_who_the_contact_is_and_agrees_to_the_terms) {
  expect_issued(names);
  const auto last = std::find_if(ca_.requests.rbegin(), ca_.requests.rend(),
                                 [](const auto& each) { return each.step == ca_step::new_account; });
  EXPECT_EQ(last->payload, R"({"termsOfServiceAgreed":true,"contact":["mailto:admin@example.test"]})");
  account_.email.clear();
  ca_.forget_accounts();
  restart();
  expect_issued(names);
  const auto again = std::find_if(ca_.requests.rbegin(), ca_.requests.rend(),
                                  [](const auto& each) { return each.step == ca_step::new_account; });
  EXPECT_EQ(again->payload, R"({"termsOfServiceAgreed":true})");
}

TEST_F(acme_issuer, finds_its_account_by_key_after_a_restart) {
  expect_issued(names);
  restart();
  expect_issued(names);
  EXPECT_EQ(ca_.account_count(), 1U);
  EXPECT_EQ(ca_.count(ca_step::new_account), 3U) << "looked up, made, looked up";
}

TEST_F(acme_issuer, asks_for_its_account_once) {
  expect_issued(names);
  const auto before = ca_.count(ca_step::new_account);
  expect_issued(names);
  EXPECT_EQ(ca_.count(ca_step::new_account), before);
  EXPECT_EQ(ca_.count(ca_step::new_order), 2U) << "each attempt has an order of its own";
}

TEST_F(acme_issuer, b31_a_forgotten_account_is_made_once_more_under_the_same_key) {
  expect_issued(names);
  const std::string key = base::read_file(account_.key_path, 10'000).value();
  ca_.forget_accounts();
  expect_issued(names);
  EXPECT_EQ(ca_.account_count(), 1U);
  EXPECT_EQ(base::read_file(account_.key_path, 10'000).value(), key);
}

TEST_F(acme_issuer, b31_an_account_that_is_forgotten_again_and_again_is_no_loop) {
  ca_.next(ca_step::new_order, 10, refused(400, "accountDoesNotExist", "who?"));
  EXPECT_EQ(refusal(names).code, errc::account_unknown);
  EXPECT_EQ(ca_.count(ca_step::new_order), 2U);
}

TEST_F(acme_issuer, b31_an_account_that_goes_away_in_the_middle_leaves_no_record) {
  ca_.next(ca_step::challenge, 2, refused(400, "accountDoesNotExist", "who?"));
  EXPECT_EQ(refusal(names).code, errc::account_unknown);
  expect_issued(names);
}

TEST_F(acme_issuer, b49_the_external_account_is_bound_at_registration_only) {
  ca_.external_keys["kid-1"] = "secret of the CA";
  account_.eab_kid = "kid-1";
  for (const std::string& form : {base::base64url("secret of the CA"), base::base64("secret of the CA")}) {
    account_.eab_hmac = base::secret(form);
    ca_.forget_accounts();
    restart();
    expect_issued(names);
  }
  std::size_t bound = 0;
  for (const auto& each : ca_.requests) {
    const bool has_binding = each.payload.find("externalAccountBinding") != std::string::npos;
    bound += has_binding ? 1 : 0;
    EXPECT_FALSE(has_binding && each.payload.find("onlyReturnExisting") != std::string::npos);
  }
  EXPECT_EQ(bound, 2U);
  account_.eab_hmac = base::secret("not needed any more: *");
  restart();
  expect_issued(names);
}

TEST_F(acme_issuer, b49_a_ca_that_wants_a_binding_is_told_of_before_it_is_asked) {
  ca_.external_keys["kid-1"] = "secret of the CA";
  const base::error got = refusal(names);
  EXPECT_THAT(got.message(), HasSubstr("set eab_kid and eab_hmac"));
  EXPECT_EQ(ca_.count(ca_step::new_account), 1U);
}

TEST_F(acme_issuer, b49_a_wrong_binding_is_the_cas_refusal) {
  ca_.external_keys["kid-1"] = "secret of the CA";
  account_.eab_kid = "kid-1";
  account_.eab_hmac = base::secret(base::base64url("another secret"));
  const base::error got = refusal(names);
  EXPECT_EQ(got.code, errc::rejected);
  EXPECT_THAT(got.message(), HasSubstr("account: the CA answered 403 externalAccountRequired"));
}

TEST_F(acme_issuer, b40_an_order_that_is_born_ready_is_finalized_without_a_challenge) {
  ca_.authorizations_are_reused = true;
  expect_issued(names);
  EXPECT_EQ(ca_.count(ca_step::challenge), 0U);
  EXPECT_EQ(ca_.count(ca_step::authorization), 0U);
  EXPECT_EQ(vendor_.written, 0U);
}

TEST_F(acme_issuer, b40_an_authorization_that_is_valid_already_needs_no_record) {
  ca_.authorizations_are_reused = true;
  // What the CA knew when it made the order is older than what it knows now.
  ca_.next(ca_step::new_order, changed([](base::fetch_response& answer) {
             auto body = boost::json::parse(answer.body).as_object();
             body["status"] = "pending";
             answer.body = boost::json::serialize(body);
           }));
  expect_issued(names);
  EXPECT_EQ(ca_.count(ca_step::authorization), 2U);
  EXPECT_EQ(ca_.count(ca_step::challenge), 0U);
  EXPECT_EQ(vendor_.written, 0U);
}

TEST_F(acme_issuer, b40_a_used_or_dead_order_is_replaced_by_a_new_one) {
  for (const std::string state : {"invalid", "valid", "processing"}) {
    const auto before = ca_.count(ca_step::new_order);
    ca_.next(ca_step::new_order, with_body(R"({"status":")" + state +
                                           R"(","finalize":"https://ca.test/finalize/0",)"
                                           R"("certificate":"https://ca.test/cert/0"})"));
    const auto got = issue(names);
    EXPECT_TRUE(got) << state << ": " << got.error().message();
    EXPECT_EQ(ca_.count(ca_step::new_order), before + 2) << state;
  }
}

TEST_F(acme_issuer, b40_a_ca_that_has_nothing_but_dead_orders_is_asked_twice) {
  ca_.next(ca_step::new_order, 5,
           with_body(R"({"status":"invalid","finalize":"https://ca.test/finalize/0"})"));
  EXPECT_THAT(refusal(names).message(), HasSubstr("invalid"));
  EXPECT_EQ(ca_.count(ca_step::new_order), 2U);
}

TEST_F(acme_issuer, b42_authorizations_may_be_missing_in_a_ready_order) {
  ca_.authorizations_are_reused = true;
  ca_.omits_authorizations = true;
  expect_issued(names);
}

TEST_F(acme_issuer, b41_waits_while_the_ca_validates_and_issues) {
  ca_.validation_rounds = 6;
  ca_.issuing_rounds = 6;
  expect_issued(names);
  // Doubled from 0.1 s up to 2 s: seven questions within 7 s, and again.
  EXPECT_GE(took(), 8s);
  EXPECT_LE(took(), 16s);
}

// Time passes only where somebody waits.
TEST_F(acme_issuer, an_order_waits_for_nothing_when_the_ca_is_ready_and_a_moment_when_it_is_not) {
  std::vector<std::string> many{"a.test", "*.a.test"};
  for (int i = 0; i < 50; ++i) many.push_back("n" + std::to_string(i) + ".test");
  begin(many);
  EXPECT_FALSE(is_running()) << "no pause at all";
  EXPECT_TRUE(finish());
  ca_.validation_rounds = 1;
  ca_.issuing_rounds = 1;
  begin({"b.test"});
  EXPECT_TRUE(is_running());
  time_.run_for(std::chrono::milliseconds(250));
  EXPECT_FALSE(is_running()) << "100 ms for each question that came too early";
}

TEST_F(acme_issuer, b41_order_not_ready_is_waited_for_and_finalized_again) {
  ca_.next(ca_step::finalize, 2, refused(403, "orderNotReady", "not yet"));
  expect_issued(names);
  EXPECT_EQ(ca_.count(ca_step::finalize), 3U);
}

TEST_F(acme_issuer, b41_order_not_ready_for_ever_ends) {
  ca_.next(ca_step::finalize, 50, refused(403, "orderNotReady", "not yet"));
  const base::error got = refusal(names);
  EXPECT_EQ(got.code, errc::order_not_ready);
  EXPECT_THAT(got.message(), HasSubstr("finalize: the CA answered 403 orderNotReady: not yet"));
  EXPECT_EQ(ca_.count(ca_step::finalize), 3U);
}

TEST_F(acme_issuer, b23_waits_between_questions_as_the_ca_asks) {
  const struct {
    const char* name;
    std::string value;
    std::vector<long> expected;
  } rows[] = {{"seconds", "7", {0, 0, 7, 14}},
              {"too long", "3600", {0, 0, 30, 60}},
              {"none", "0", {0, 0, 0, 0}},
              {"a date in the past", "Sun, 06 Nov 1994 08:49:37 GMT", {0, 0, 0, 0}}};
  for (const auto& row : rows) {
    ca_.requests.clear();
    ca_.validation_rounds = 2;
    ca_.waiting_fields = {{"Retry-After", row.value}};
    expect_issued({"a.test"});
    EXPECT_EQ(times_of(ca_, ca_step::authorization), row.expected) << row.name;
  }
}

TEST_F(acme_issuer, b23_waits_until_the_date_that_the_ca_names) {
  ca_.issuing_rounds = 2;
  ca_.authorizations_are_reused = true;
  ca_.waiting_fields = {{"Retry-After", http_date(time_.now() + 20s)}};
  expect_issued(names);
  EXPECT_GE(took(), 19s);
  EXPECT_LE(took(), 21s);
}

TEST_F(acme_issuer, b68_two_values_stand_at_one_name_and_those_of_others_stay) {
  const std::pair<std::string, std::string> foreign{"_acme-challenge.a.test", "somebody else's"};
  vendor_.records.insert(foreign);
  vendor_.visible_after = 60s;
  begin(names);
  time_.run_for(30s);
  EXPECT_EQ(vendor_.records.count(foreign), 1U);
  EXPECT_EQ(vendor_.records.size(), 3U);
  for (const auto& [name, value] : vendor_.records) EXPECT_EQ(name, "_acme-challenge.a.test");
  EXPECT_TRUE(finish());
  EXPECT_THAT(vendor_.records, ElementsAre(foreign));
}

TEST_F(acme_issuer, b66_no_challenge_is_answered_before_every_record_is_visible) {
  vendor_.visible_after = 60s;
  begin(names);
  time_.run_for(59s);
  EXPECT_EQ(ca_.count(ca_step::challenge), 0U);
  EXPECT_TRUE(finish());
  EXPECT_EQ(ca_.count(ca_step::challenge), 2U);
}

TEST_F(acme_issuer, b68_what_could_not_be_removed_is_removed_at_the_next_start) {
  vendor_.refuses_removals = true;
  EXPECT_TRUE(issue(names));
  EXPECT_EQ(vendor_.records.size(), 2U);
  vendor_.refuses_removals = false;
  restart();
  ca_.next(ca_step::directory, 3, request_lost());
  EXPECT_FALSE(issue(names));
  EXPECT_THAT(vendor_.records, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "pending-dns"));
}

TEST_F(acme_issuer, b55_what_a_killed_process_left_is_removed_at_the_next_start) {
  vendor_.visible_after = 60s;
  begin(names);
  time_.run_for(30s);
  const txt_records left = vendor_.records;
  const std::string notes = base::read_file(folder_ / "pending-dns", 100'000).value();
  EXPECT_EQ(left.size(), 2U);
  running_->cancel();
  EXPECT_FALSE(finish());
  // As if nothing had happened after the kill.
  vendor_.records = left;
  ASSERT_TRUE(base::write_file_atomically(folder_ / "pending-dns", notes, 0600));
  restart();
  ca_.next(ca_step::directory, 3, request_lost());
  EXPECT_FALSE(issue(names));
  EXPECT_THAT(vendor_.records, IsEmpty());
}

// Cancelled as by SIGTERM, in each state that waits for something.
TEST_F(acme_issuer, b55_a_withdrawn_order_ends_at_once_and_leaves_no_record) {
  expect_issued(names);
  for (const ca_step step : {ca_step::new_order, ca_step::authorization, ca_step::challenge, ca_step::order,
                             ca_step::finalize, ca_step::certificate}) {
    ca_.next(step, hanging());
    begin(names);
    time_.run_for(5s);
    ASSERT_TRUE(is_running()) << static_cast<int>(step);
    const auto before = ca_.requests.size();
    running_->cancel();
    time_.settle();
    EXPECT_FALSE(is_running()) << static_cast<int>(step);
    const auto got = finish();
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, base::errc::cancelled) << got.error().message();
    EXPECT_EQ(ca_.requests.size(), before) << "asked after it was withdrawn";
    EXPECT_THAT(vendor_.records, IsEmpty()) << static_cast<int>(step);
  }
  expect_issued(names);
}

TEST_F(acme_issuer, b55_an_order_withdrawn_between_two_questions_ends_at_once) {
  for (const bool while_validating : {true, false}) {
    ca_.validation_rounds = while_validating ? 1'000 : 0;
    ca_.issuing_rounds = while_validating ? 0 : 1'000;
    begin(names);
    time_.run_for(10s);
    const auto before = ca_.requests.size();
    running_->cancel();
    time_.settle();
    EXPECT_FALSE(is_running());
    EXPECT_EQ(finish().error().code, base::errc::cancelled);
    EXPECT_EQ(ca_.requests.size(), before);
    EXPECT_THAT(vendor_.records, IsEmpty());
  }
}

TEST_F(acme_issuer, b55_an_order_withdrawn_while_records_spread_leaves_none) {
  vendor_.visible_after = 60s;
  begin(names);
  time_.run_for(5s);
  EXPECT_EQ(vendor_.records.size(), 2U);
  running_->cancel();
  time_.settle();
  EXPECT_FALSE(is_running());
  EXPECT_EQ(finish().error().code, base::errc::cancelled);
  EXPECT_THAT(vendor_.records, IsEmpty());
}

}  // namespace
}  // namespace cardea::test_support
