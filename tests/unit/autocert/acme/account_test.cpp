// Goal: one account for all, that survives a new key whatever happens around
// the request, and that binds to an external one where the CA wants it.
#include "autocert/acme/account.hpp"

#include "autocert/acme/external_account.hpp"
#include "base/atomic_file.hpp"
#include "base/text.hpp"
#include "tests/support/acme_fixture.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <thread>

namespace cardea::test_support {
namespace {

using namespace std::chrono_literals;
using autocert::acme::account;
using autocert::acme::account_key;
using testing::HasSubstr;
using testing::IsEmpty;

class acme_account : public acme_fixture {
 protected:
  using operation = base::awaitable<base::result<void>>;

  base::result<void> run(operation what) {
    base::result<void> out = base::error(base::errc::timed_out, "not finished");
    base::task_group running(io_.get_executor(), base::logger("test"));
    running.spawn(store(std::move(what), out));
    for (int i = 0; i < 600 && running.size() > 0; ++i) time_.run_for(1s);
    EXPECT_EQ(running.size(), 0U);
    return out;
  }
  base::result<void> roll_over() { return run(shared_account_->roll_over()); }
  std::string key_on_disk() const { return account_key::load(account_.key_path).value().jwk(); }
  bool has_next() const { return std::filesystem::exists(account_.key_path + ".next"); }
  void expect_one_account_with_the_key_on_disk() {
    EXPECT_EQ(ca_.account_count(), 1U);
    EXPECT_EQ(ca_.account_jwk(), key_on_disk());
    EXPECT_FALSE(has_next());
  }

 private:
  static base::awaitable<void> store(operation what, base::result<void>& out) {
    out = co_await std::move(what);
  }
};

TEST_F(acme_account, b32_a_thousand_certificates_at_once_register_one_account) {
  limits_.budget = {};
  restart();
  base::task_group running(io_.get_executor(), base::logger("test"));
  std::size_t ready = 0;
  const auto count = [](std::shared_ptr<account> of, std::size_t& done) -> base::awaitable<void> {
    const auto found = co_await of->ready();
    done += found ? 1 : 0;
  };
  for (int i = 0; i < 1000; ++i) running.spawn(count(shared_account_, ready));
  time_.run_for(10s);
  EXPECT_EQ(running.size(), 0U);
  EXPECT_EQ(ready, 1000U);
  EXPECT_EQ(ca_.account_count(), 1U);
  EXPECT_EQ(ca_.count(ca_step::new_account), 2U) << "looked for once, made once";
}

TEST_F(acme_account, b32_processes_that_start_together_end_up_with_one_key) {
  for (int round = 0; round < 50; ++round) {
    const std::string path = folder_ / ("round" + std::to_string(round) + ".key");
    std::vector<std::string> keys(3);
    std::vector<std::thread> processes;
    for (std::string& each : keys)
      processes.emplace_back([&each, &path] { each = account_key::load_or_create(path).value().jwk(); });
    for (std::thread& each : processes) each.join();
    ASSERT_EQ(keys[0], keys[1]);
    ASSERT_EQ(keys[0], keys[2]);
    ASSERT_EQ(account_key::load(path).value().jwk(), keys[0]);
  }
  for (const auto& each : std::filesystem::directory_iterator(folder_ / ""))
    EXPECT_EQ(each.path().string().find(".first-"), std::string::npos) << "drafts are removed";
}

TEST_F(acme_account, b32_a_caller_that_goes_away_leaves_the_work_to_the_next) {
  restart();
  ca_.next(ca_step::new_account, hanging());
  base::task_group first(io_.get_executor(), base::logger("test"));
  base::result<void> one = base::error(base::errc::timed_out);
  const auto into = [](std::shared_ptr<account> of, base::result<void>& out) -> base::awaitable<void> {
    out = co_await of->ready();
  };
  first.spawn(into(shared_account_, one));
  time_.run_for(1s);
  base::task_group second(io_.get_executor(), base::logger("test"));
  base::result<void> two = base::error(base::errc::timed_out);
  second.spawn(into(shared_account_, two));
  time_.run_for(1s);
  EXPECT_EQ(second.size(), 1U) << "waits for the first";
  first.cancel();
  time_.run_for(5s);
  EXPECT_FALSE(one);
  EXPECT_TRUE(two) << two.error().message();
  EXPECT_EQ(ca_.account_count(), 1U);
}

TEST_F(acme_account, b50_a_rollover_changes_the_key_and_keeps_the_account) {
  restart();
  expect_issued({"a.test"});
  const std::string before = key_on_disk();
  const std::string url = shared_account_->url();
  const auto done = roll_over();
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_NE(key_on_disk(), before);
  expect_one_account_with_the_key_on_disk();
  struct stat status {};
  ASSERT_EQ(::stat(account_.key_path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  expect_issued({"a.test"});
  EXPECT_EQ(shared_account_->url(), url);
  restart();
  expect_issued({"a.test"});
  EXPECT_EQ(ca_.account_count(), 1U);
}

TEST_F(acme_account, b50_a_process_that_runs_takes_up_the_key_that_another_one_changed) {
  restart();
  expect_issued({"a.test"});
  const auto running = std::move(issuer_);
  const auto its_account = shared_account_;
  restart();  // the command
  ASSERT_TRUE(roll_over());
  EXPECT_TRUE(run(its_account->ready()));
  EXPECT_EQ(its_account->key()->jwk(), key_on_disk());
  EXPECT_EQ(ca_.account_count(), 1U);
}

TEST_F(acme_account, b50_a_lost_answer_is_followed_by_a_question) {
  restart();
  ASSERT_TRUE(run(shared_account_->ready()));
  for (const auto& lost : {answer_lost(), request_lost()}) {
    const std::string before = key_on_disk();
    // All tries of the request; of an answer that is lost the later tries meet a CA that has the new key.
    ca_.next(ca_step::key_change, 3, lost);
    const bool changed = static_cast<bool>(roll_over());
    expect_one_account_with_the_key_on_disk();
    EXPECT_EQ(changed, key_on_disk() != before);
    ca_.clear_twists();
  }
}

// The process dies at each point around the request: what it wrote stays, nothing else.
TEST_F(acme_account, b50_a_crash_before_or_after_the_request_is_settled_at_the_next_start) {
  for (const bool reached : {false, true}) {
    restart();
    ASSERT_TRUE(run(shared_account_->ready()));
    const std::string before = key_on_disk();
    ca_.next(ca_step::key_change, reached ? answer_lost() : request_lost());
    // After the change nothing gets through any more, so that nothing can be settled.
    ca_.next(ca_step::key_change, 2, request_lost());
    ca_.next(ca_step::new_account, 3, request_lost());
    const auto failed = roll_over();
    ASSERT_FALSE(failed);
    EXPECT_THAT(failed.error().message(), HasSubstr("stays until the CA says which key it knows"));
    EXPECT_TRUE(has_next());
    ca_.clear_twists();
    restart();
    expect_issued({"a.test"});
    expect_one_account_with_the_key_on_disk();
    EXPECT_EQ(key_on_disk() != before, reached) << "finished, or rolled back";
  }
}

TEST_F(acme_account, b50_a_crash_between_both_files_is_settled_too) {
  restart();
  ASSERT_TRUE(run(shared_account_->ready()));
  ASSERT_TRUE(roll_over());
  // The key was adopted, its note not removed yet.
  std::filesystem::copy_file(account_.key_path, account_.key_path + ".next");
  restart();
  expect_issued({"a.test"});
  expect_one_account_with_the_key_on_disk();
}

TEST_F(acme_account, b50_a_key_that_the_ca_refuses_is_not_kept) {
  restart();
  ASSERT_TRUE(run(shared_account_->ready()));
  const std::string before = key_on_disk();
  ca_.next(ca_step::key_change, refused(400, "badPublicKey", "too weak"));
  const auto failed = roll_over();
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message(), HasSubstr("badPublicKey: too weak"));
  EXPECT_EQ(key_on_disk(), before);
  expect_one_account_with_the_key_on_disk();
}

TEST_F(acme_account, b50_a_damaged_new_key_stops_before_the_account_could_be_lost) {
  restart();
  ASSERT_TRUE(run(shared_account_->ready()));
  ASSERT_TRUE(base::write_file_atomically(account_.key_path + ".next", "torn", 0600));
  restart();
  const auto failed = run(shared_account_->ready());
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message(), HasSubstr("unfinished key rollover"));
  EXPECT_TRUE(has_next());
}

TEST_F(acme_account, b49_an_external_account_is_asked_for_by_e_mail_once) {
  ca_.external_keys["kid-of-mail"] = "secret of the CA";
  account_.eab_url = acme_ca::eab_url();
  account_.email = "a+b@example.test";
  restart();
  expect_issued({"a.test"});
  EXPECT_EQ(ca_.count(ca_step::external_account), 1U);
  const auto asked = std::find_if(ca_.requests.begin(), ca_.requests.end(),
                                  [](const auto& each) { return each.step == ca_step::external_account; });
  EXPECT_EQ(asked->payload, "email=a%2Bb%40example.test");
  const std::string path = account_.key_path + ".eab.json";
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  ca_.forget_accounts();
  restart();
  expect_issued({"a.test"});
  EXPECT_EQ(ca_.count(ca_step::external_account), 1U) << "what was given out is kept";
}

TEST_F(acme_account, b49_a_service_that_gives_no_external_account_is_told_with_its_reason) {
  ca_.external_keys["kid"] = "secret";
  account_.eab_url = acme_ca::eab_url();
  const struct {
    acme_ca::twist twist;
    const char* said;
  } rows[] = {
      {with_body(R"({"success":false,"error":{"code":2900,"type":"invalid_email"}})"), "invalid_email"},
      {with_body(R"({"success":true,"eab_kid":"","eab_hmac_key":"AAAA"})"), "no external account"},
      {with_body(R"({"success":true,"eab_kid":"k","eab_hmac_key":"!"})"), "no external account"},
      {with_body("<html>"), "the CA answered 200"},
      {changed([](base::fetch_response& answer) { answer.status = 404; }), "the CA answered 404"}};
  for (const auto& row : rows) {
    restart();
    ca_.next(ca_step::external_account, row.twist);
    const auto failed = run(shared_account_->ready());
    ASSERT_FALSE(failed) << row.said;
    EXPECT_THAT(failed.error().message(), AllOf(HasSubstr("external account"), HasSubstr(row.said)));
    EXPECT_FALSE(std::filesystem::exists(account_.key_path + ".eab.json"));
  }
  EXPECT_EQ(ca_.account_count(), 0U);
}

TEST_F(acme_account, b49_an_external_account_that_is_configured_is_used_and_none_asked_for) {
  ca_.external_keys["kid-1"] = "secret";
  account_.eab_url = acme_ca::eab_url();
  account_.eab_kid = "kid-1";
  account_.eab_hmac = base::secret(base::base64url("secret"));
  restart();
  expect_issued({"a.test"});
  EXPECT_EQ(ca_.count(ca_step::external_account), 0U);
}

TEST_F(acme_account, b49_a_damaged_file_of_an_external_account_is_told_and_kept) {
  ca_.external_keys["kid"] = "secret";
  account_.eab_url = acme_ca::eab_url();
  ASSERT_TRUE(base::write_file_atomically(account_.key_path + ".eab.json", "{}", 0600));
  restart();
  const auto failed = run(shared_account_->ready());
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message(), HasSubstr("remove it to ask for another"));
  EXPECT_EQ(ca_.count(ca_step::external_account), 0U);
}

TEST_F(acme_account, b54_a_certificate_is_revoked_with_a_reason_and_once_is_enough) {
  restart();
  for (int i = 0; i < 2; ++i) {
    const auto done =
        run(shared_account_->revoke("DER of it", autocert::acme::revocation_reason::key_compromise));
    EXPECT_TRUE(done) << done.error().message();
  }
  EXPECT_EQ(ca_.revoked.at("DER of it"), 1);
  EXPECT_THAT(ca_.refusals(), testing::Contains("alreadyRevoked: it is revoked"));
  ca_.next(ca_step::revoke_cert, refused(403, "unauthorized", "not yours"));
  const auto failed = run(shared_account_->revoke("other", autocert::acme::revocation_reason::unspecified));
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message(), HasSubstr("revocation: the CA answered 403 unauthorized: not yours"));
}

class setbacks : public acme_fixture {
 protected:
  autocert::setback after(ca_step step, const acme_ca::twist& what,
                          std::vector<std::string> names = {"a.test"}) {
    restart();
    ca_.next(step, what);
    EXPECT_FALSE(issue(std::move(names)));
    ca_.clear_twists();
    return issuer_->last_setback();
  }
  using kind = autocert::setback::kind;
};

TEST_F(setbacks, b23_retry_after_is_passed_on_in_both_forms_and_at_most_a_day) {
  const auto limited = [](const std::string& wait) {
    return refused(429, "rateLimited", "slow down", {{"Retry-After", wait}});
  };
  EXPECT_EQ(after(ca_step::new_order, limited("7200")).retry_after, 2h);
  EXPECT_EQ(after(ca_step::new_order, limited("1000000000000")).retry_after, 24h);
  EXPECT_EQ(after(ca_step::new_order, limited("Fri, 01 Jan 2100 00:00:00 GMT")).retry_after, 24h);
  EXPECT_EQ(after(ca_step::new_order, limited("soon")).retry_after, std::nullopt);
  EXPECT_EQ(
      after(ca_step::finalize, refused(503, "serverInternal", "busy", {{"Retry-After", "3600"}})).retry_after,
      1h);
  EXPECT_EQ(after(ca_step::authorization, limited("60")).retry_after, 60s);
  EXPECT_EQ(after(ca_step::challenge, limited("60")).retry_after, 60s);
  EXPECT_EQ(after(ca_step::directory, limited("60")).retry_after, 60s);
  EXPECT_EQ(issuer_->last_setback().is, kind::limited);
  acme_ca::twist no_nonce = limited("7200");
  const auto answer = no_nonce.answer;
  no_nonce.answer = [answer](base::fetch_response from) {
    from.headers.clear();
    return answer(std::move(from));
  };
  EXPECT_EQ(after(ca_step::new_nonce, no_nonce).retry_after, 2h);
}

TEST_F(setbacks, b24_b27_tell_limits_refusals_for_good_and_what_says_nothing_apart) {
  EXPECT_EQ(after(ca_step::new_order, refused(429, "rateLimited", "paused")).is, kind::limited);
  EXPECT_EQ(after(ca_step::new_order, refused(400, "rateLimited", "too many")).is, kind::limited);
  for (const char* type : {"rejectedIdentifier", "caa", "unsupportedIdentifier", "badCSR", "invalidContact",
                           "externalAccountRequired", "invalidProfile", "userActionRequired"})
    EXPECT_EQ(after(ca_step::new_order, refused(403, type, "no")).is, kind::lasting) << type;
  EXPECT_EQ(after(ca_step::new_account, refused(401, "unauthorized", "unknown eab kid")).is, kind::lasting);
  EXPECT_EQ(after(ca_step::new_order, refused(400, "malformed", "no")).is, kind::refused);
  ca_.next(ca_step::new_order, 2, refused(500, "serverInternal", "oops"));
  EXPECT_EQ(after(ca_step::new_order, refused(500, "serverInternal", "oops")).is, kind::unreachable);
  ca_.next(ca_step::directory, 2, request_lost());
  EXPECT_EQ(after(ca_step::directory, request_lost()).is, kind::unreachable);
}

TEST_F(setbacks, b28_subproblems_and_authorizations_tell_which_names_are_bad) {
  const std::string body =
      R"({"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"some are bad","subproblems":[)"
      R"({"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"forbidden",)"
      R"("identifier":{"type":"dns","value":"b.test"}},)"
      R"({"type":"urn:ietf:params:acme:error:malformed","identifier":{"type":"dns","value":"not.ours"}}]})";
  acme_ca::twist bad = changed([body](base::fetch_response& answer) {
    answer.status = 403;
    answer.body = body;
  });
  bad.reaches = acme_ca::twist::effect::checked;
  const auto rejected = after(ca_step::new_order, bad, {"a.test", "b.test", "c.test"});
  EXPECT_EQ(rejected.is, kind::lasting);
  EXPECT_THAT(rejected.names, testing::ElementsAre("b.test"));

  ca_.validation_errors["b.test"] = acme_ca::problem_body(403, "unauthorized", "wrong record");
  EXPECT_FALSE(issue({"a.test", "*.b.test", "c.test"}));
  EXPECT_EQ(issuer_->last_setback().is, kind::refused);
  EXPECT_THAT(issuer_->last_setback().names, testing::ElementsAre("*.b.test"));
  ca_.validation_errors["b.test"] = acme_ca::problem_body(403, "caa", "CAA forbids");
  const auto got = issue({"a.test", "b.test"});
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().message(), HasSubstr("CAA forbids"));
  EXPECT_EQ(issuer_->last_setback().is, kind::lasting);
  EXPECT_THAT(issuer_->last_setback().names, testing::ElementsAre("b.test"));
  expect_issued({"a.test"});
}

TEST_F(setbacks, b27_detail_and_subproblems_of_the_ca_reach_the_message) {
  ca_.next(ca_step::new_order, refused(403, "caa", "CAA record for a.test prevents issuance"));
  const auto got = issue({"a.test"});
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().message(), HasSubstr("caa: CAA record for a.test prevents issuance"));
}

TEST_F(setbacks, b25_a_name_that_failed_too_often_is_not_sent_to_the_ca) {
  limits_.budget.failed_validations_max = 4;
  ca_.validation_errors["a.test"] = acme_ca::problem_body(403, "unauthorized", "no");
  restart();
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(issue({"a.test", "b.test"}));
  const std::size_t orders = ca_.count(ca_step::new_order);
  EXPECT_EQ(orders, 4U);
  const auto held = issue({"*.a.test"});
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().code, autocert::acme::errc::rate_limited);
  EXPECT_THAT(held.error().message(), HasSubstr("too many failed validations within an hour"));
  EXPECT_EQ(ca_.count(ca_step::new_order), orders);
  EXPECT_EQ(issuer_->last_setback().is, kind::limited);
  EXPECT_GT(issuer_->last_setback().retry_after, 50min);
  EXPECT_TRUE(issue({"b.test"})) << "others go on";
  time_.run_for(61min);
  ca_.validation_errors.clear();
  EXPECT_TRUE(issue({"a.test"}));
}

}  // namespace
}  // namespace cardea::test_support
