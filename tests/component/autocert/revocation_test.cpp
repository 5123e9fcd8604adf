// Goal: a certificate that is revoked is replaced first, whatever happens in
// between. Method: a scripted CA, files in a folder, and an end at each step.
#include "autocert/revocation.hpp"

#include "autocert/failure_store.hpp"
#include "autocert/metadata_store.hpp"
#include "base/atomic_file.hpp"
#include "base/task_group.hpp"
#include "tests/support/file_faults.hpp"
#include "tests/support/life_cycle_fixture.hpp"

#include <gmock/gmock.h>
#include <openssl/x509.h>

#include <filesystem>

namespace cardea::autocert {
namespace {

using namespace std::chrono_literals;
using test_support::ca_answer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class revocation_of : public test_support::life_cycle_fixture {
 protected:
  revocation_of() : ca_(record_, time_), request_(request("main", "cloudflare", {"a.test"})) {
    const auto pair = test_support::make_pair({"a.test"}, time_.now() - 24h, 90 * 24h);
    old_ = base::certificate::from_pem(pair.chain, pair.key).value();
    cert_store store(request_.cert_path, request_.key_path, base::logger("test"));
    EXPECT_TRUE(store.save(pair.chain, pair.key));
  }

  base::result<void> run(bool replaced = true) {
    revocation work(request_,
                    {ca_, "https://ca.test/", [this](std::string der) { return revoke(std::move(der)); },
                     [this](const std::string& line) { lines_.push_back(line); }, time_.clock(), &files_});
    return await(work.run(replaced), 1min);
  }
  std::string on_disk() {
    const auto loaded =
        cert_store(request_.cert_path, request_.key_path, base::logger("test")).load(on_damage::report);
    return loaded ? (*loaded)->serial_hex() : "";
  }
  static std::string der_of(const base::certificate& of) {
    unsigned char* data = nullptr;
    const int size = i2d_X509(of.leaf().get(), &data);
    std::string out(reinterpret_cast<char*>(data), static_cast<std::size_t>(size));
    OPENSSL_free(data);
    return out;
  }
  bool is_noted() const { return std::filesystem::exists(request_.cert_path + ".to-revoke"); }

  test_support::ca_record record_;
  test_support::scripted_ca ca_;
  config::certificate_request request_;
  std::shared_ptr<const base::certificate> old_;
  std::vector<std::string> revoked_;
  std::vector<std::string> lines_;
  bool refuses_ = false;

 private:
  base::awaitable<base::result<void>> revoke(std::string der) {
    EXPECT_TRUE(is_noted());
    served_then_ = on_disk();
    if (refuses_) co_return base::error(base::errc::io, "the CA is away");
    revoked_.push_back(der);
    co_return base::result<void>();
  }

 protected:
  std::string served_then_;
};

TEST_F(revocation_of, b54_a_new_certificate_with_a_new_key_is_installed_before_the_old_one_is_revoked) {
  request_.reuse_key = true;
  const auto done = run();
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_THAT(revoked_, ElementsAre(der_of(*old_)));
  EXPECT_NE(served_then_, old_->serial_hex()) << "when the CA was told the new one was there";
  EXPECT_EQ(served_then_, on_disk());
  const auto fresh =
      cert_store(request_.cert_path, request_.key_path, base::logger("test")).load(on_damage::report);
  EXPECT_NE(EVP_PKEY_eq((*fresh)->key().get(), old_->key().get()), 1) << "a compromised key is never used again";
  EXPECT_EQ(record_.orders.at(0).replaces, old_->serial_hex());
  EXPECT_EQ(metadata_store(request_.cert_path, base::logger("test")).peek().ca, "https://ca.test/");
  EXPECT_FALSE(is_noted());
  EXPECT_THAT(lines_,
              ElementsAre(HasSubstr("ordering"), HasSubstr("installed"), HasSubstr("revoking"), "revoked"));
}

TEST_F(revocation_of, b54_without_a_new_one_nothing_is_revoked) {
  record_.script = [](std::size_t) { return ca_answer{.failure = "no"}; };
  const auto failed = run();
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message(), HasSubstr("nothing is revoked yet"));
  EXPECT_THAT(revoked_, IsEmpty());
  EXPECT_EQ(on_disk(), old_->serial_hex());
  record_.script = [](std::size_t) { return ca_answer{}; };
  ASSERT_TRUE(run());
  EXPECT_THAT(revoked_, ElementsAre(der_of(*old_)));
}

TEST_F(revocation_of, b54_a_ca_that_is_away_at_the_end_is_told_by_the_next_run_and_nothing_is_ordered_twice) {
  refuses_ = true;
  EXPECT_FALSE(run());
  EXPECT_TRUE(is_noted());
  const std::string fresh = on_disk();
  refuses_ = false;
  ASSERT_TRUE(run());
  EXPECT_THAT(revoked_, ElementsAre(der_of(*old_)));
  EXPECT_EQ(record_.orders.size(), 1U);
  EXPECT_EQ(on_disk(), fresh);
  EXPECT_FALSE(is_noted());
}

TEST_F(revocation_of, b54_an_end_of_the_service_orders_nothing) {
  ASSERT_TRUE(run(false));
  EXPECT_THAT(record_.orders, IsEmpty());
  EXPECT_THAT(revoked_, ElementsAre(der_of(*old_)));
  EXPECT_EQ(on_disk(), old_->serial_hex());
}

TEST_F(revocation_of,
       b54_a_disk_that_fails_at_any_write_loses_neither_the_old_one_nor_what_is_to_be_revoked) {
  for (int allowed = 0;; ++allowed) {
    files_.allow(allowed);
    const bool done = static_cast<bool>(run());
    files_.allow_all();
    ASSERT_NE(on_disk(), "") << allowed;
    if (done) break;
    ASSERT_LT(allowed, 200);
    // Whatever was revoked is not what is served.
    for (const std::string& each : revoked_)
      ASSERT_NE(each, der_of(*cert_store(request_.cert_path, request_.key_path, base::logger("test"))
                                  .load(on_damage::report)
                                  .value()))
          << allowed;
  }
  EXPECT_THAT(revoked_, testing::Contains(der_of(*old_)));
  EXPECT_FALSE(is_noted());
}

TEST_F(revocation_of, without_a_certificate_or_with_a_damaged_note_there_is_an_error) {
  ASSERT_TRUE(base::write_file_atomically(request_.cert_path + ".to-revoke", "!", 0600));
  EXPECT_THAT(run().error().message(), HasSubstr("remove it to begin anew"));
  std::filesystem::remove(request_.cert_path + ".to-revoke");
  std::filesystem::remove(request_.cert_path);
  std::filesystem::remove(request_.key_path);
  EXPECT_FALSE(run());
  EXPECT_THAT(record_.orders, IsEmpty());
}

TEST_F(revocation_of, b13_a_certificate_that_begins_in_our_future_is_installed_and_served) {
  std::filesystem::remove(request_.cert_path);
  std::filesystem::remove(request_.key_path);
  cas_["main"].script = [](std::size_t) { return ca_answer{.backdated = -2h}; };
  start({request_, {}});
  ASSERT_TRUE(set_->providers().front()->certificate());
  EXPECT_GT(set_->providers().front()->certificate()->not_before(), time_.now() + 1h);
  EXPECT_EQ(served("a.test"), set_->providers().front()->certificate()->serial_hex());
  time_.run_for(24h);
  EXPECT_EQ(cas_["main"].orders.size(), 1U);
}

TEST_F(revocation_of, b54_a_server_that_runs_takes_up_what_a_command_installed) {
  start({request_, {}});
  EXPECT_EQ(served("a.test"), old_->serial_hex());
  ASSERT_TRUE(run());
  EXPECT_TRUE(set_->reload().empty());
  EXPECT_EQ(served("a.test"), on_disk());
  EXPECT_NE(served("a.test"), old_->serial_hex());
  EXPECT_THAT(cas_["main"].orders, IsEmpty()) << "it orders nothing itself";
}

TEST_F(revocation_of, b54_b92_a_certificate_that_the_ca_says_it_revoked_is_told_of_and_replaced_with_a_new_key) {
  std::vector<notifications::notice> told;
  auto wanted = request("main", "cloudflare", {"a.test"});
  wanted.reuse_key = true;
  auto around = outside();
  around.notify = [&](const notifications::notice& what) { told.push_back(what); };
  set_ = provider_set::create({wanted, {}}, std::move(around)).value();
  set_->load_all();
  set_->schedule_renewal_all();
  time_.run_for(1h);
  ASSERT_TRUE(cas_["main"].orders.empty()) << "it is valid for months";
  provider& main = *set_->providers().front();
  const auto revoked = main.certificate();
  ASSERT_EQ(revoked->serial_hex(), old_->serial_hex());
  cas_["main"].script = [](std::size_t nth) { return nth == 1 ? ca_answer{.failure = "busy"} : ca_answer{}; };
  main.note_revocation(*revoked);
  main.note_revocation(*revoked);
  time_.settle();
  EXPECT_EQ(cas_["main"].orders.size(), 1U);
  EXPECT_EQ(cas_["main"].orders.at(0).replaces, old_->serial_hex()) << "the CA's limits do not count it then";
  EXPECT_EQ(served("a.test"), old_->serial_hex()) << "until there is another one";
  time_.run_for(48h);
  ASSERT_EQ(cas_["main"].orders.size(), 2U) << "after the pause, and no more";
  EXPECT_NE(served("a.test"), old_->serial_hex());
  const auto key_of = [](const base::certificate& of) { return base::key_ptr(of.key()); };
  EXPECT_NE(EVP_PKEY_eq(key_of(*revoked).get(), key_of(*main.certificate()).get()), 1) << "whatever reuse_key says";
  std::vector<std::string> titles;
  for (const auto& each : told) titles.push_back(each.title);
  EXPECT_THAT(titles, ElementsAre("SSL certificate revoked for main", "SSL certificate renewal failed for main",
                                  "SSL certificate renewed for main"));
  main.note_revocation(*revoked);
  time_.run_for(1h);
  EXPECT_EQ(cas_["main"].orders.size(), 2U) << "of another certificate than the one that is served";
}

}  // namespace
}  // namespace cardea::autocert
