// Goal: what the CA says is asked for in time, at half of its life, and shown while it holds. Method: simulated
// time, a responder that answers with OpenSSL's own responses, and the files of a folder.
#include "autocert/stapler.hpp"

#include "autocert/ocsp.hpp"
#include "base/atomic_file.hpp"
#include "base/task_group.hpp"
#include "tests/support/file_faults.hpp"
#include "tests/support/ocsp_ca.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/simulated_time.hpp"

#include <gmock/gmock.h>

#include <filesystem>

namespace cardea::autocert {
namespace {

using namespace std::chrono_literals;
using test_support::ocsp_ca;
using testing::ElementsAre;
using testing::IsEmpty;

class a_stapler : public testing::Test {
 protected:
  a_stapler() {
    base::set_log_level(base::log_level::error);
    outside_.clock = time_.clock();
    outside_.sleep = [this](std::chrono::steady_clock::duration duration) { return time_.sleep(duration); };
    outside_.fetch = [this](base::fetch_request request) { return answer(std::move(request)); };
    outside_.files = &files_;
  }
  ~a_stapler() override {
    stop();
    base::set_log_level(base::log_level::info);
  }

  void start() {
    stop();
    begin_ = time_.now();
    stapler_ = std::make_unique<stapler>(folder_ / "a.crt", outside_, base::logger("test"), [this] { ++changes_; },
                                         [this](const base::certificate& which) { revoked_.push_back(which.serial_hex()); });
    stapler_->follow(leaf_);
    running_ = std::make_unique<base::task_group>(io_.get_executor(), base::logger("test"));
    running_->spawn(stapler_->keep_fresh());
    time_.settle();
  }
  void stop() {
    if (!running_) return;
    running_->cancel();
    time_.settle();
    EXPECT_EQ(running_->size(), 0U);
    running_.reset();
    stapler_.reset();
  }

  base::awaitable<base::result<base::fetch_response>> answer(base::fetch_request request) {
    EXPECT_EQ(request.url, ocsp_ca::responder);
    EXPECT_EQ(request.method, "POST");
    asked_.push_back(std::chrono::round<std::chrono::minutes>(time_.now() - begin_));
    if (is_away_) co_return base::error(base::errc::timed_out, "no answer");
    ocsp_ca::answer what{time_.now() - age_, time_.now() - age_ + lives_, status_};
    what.by = signer_;
    base::fetch_response out;
    out.status = 200;
    out.body = ca_.say(*leaf_, what);
    co_return out;
  }
  [[nodiscard]] bool is_shown() const { return stapler_->served()->staple() != nullptr; }
  [[nodiscard]] std::chrono::hours shown_for() {
    return std::chrono::round<std::chrono::hours>(stapler_->served()->staple()->until - time_.now());
  }

  test_support::scratch_folder folder_;
  test_support::file_faults files_;
  base::asio::io_context io_;
  test_support::simulated_time time_{io_, std::chrono::system_clock::from_time_t(1'800'000'000)};
  ocsp_ca ca_{time_.now()};
  base::certificate_ptr leaf_ = ca_.leaf("a.test", 24h * 90);
  environment outside_{io_.get_executor()};
  std::unique_ptr<stapler> stapler_;
  std::unique_ptr<base::task_group> running_;
  std::size_t changes_ = 0;
  std::vector<std::string> revoked_;

  base::wall_time begin_;
  std::vector<std::chrono::minutes> asked_;  ///< since the start
  bool is_away_ = false;
  std::chrono::seconds lives_ = 96h;
  std::chrono::seconds age_ = 0s;  ///< of the response when it is given out
  int status_ = V_OCSP_CERTSTATUS_GOOD;
  const ocsp_ca::signer* signer_ = nullptr;
};

TEST_F(a_stapler, asks_again_at_half_of_the_life_of_what_it_has) {
  start();
  EXPECT_TRUE(is_shown());
  EXPECT_EQ(changes_, 1U);
  time_.run_for(24h * 7);
  EXPECT_THAT(asked_, ElementsAre(0min, 48h, 96h, 144h));
  EXPECT_EQ(shown_for(), 72h) << "of the one that came a day ago";
}

// A responder that signs in advance, as those of large CAs do: what counts is the response's own life.
TEST_F(a_stapler, counts_the_half_from_when_the_response_was_made) {
  age_ = 36h;
  start();
  time_.run_for(13h);
  EXPECT_THAT(asked_, ElementsAre(0min, 12h));
}

TEST_F(a_stapler, does_not_ask_more_often_than_each_minute_however_short_a_response_lives) {
  lives_ = 30s;
  start();
  time_.run_for(10min);
  EXPECT_GE(asked_.size(), 9U);
  EXPECT_LE(asked_.size(), 11U);
}

TEST_F(a_stapler, shows_what_it_has_until_its_end_while_the_responder_is_away_and_asks_ever_more_seldom) {
  start();
  is_away_ = true;
  time_.run_for(48h + 30s);
  EXPECT_EQ(asked_.size(), 2U);
  time_.run_for(47h);
  EXPECT_TRUE(is_shown());
  // 1, 2, 4 ... 64 minutes would be 7 in the first two hours; then one an hour.
  EXPECT_GE(asked_.size(), 48U);
  EXPECT_LE(asked_.size(), 56U);
  time_.run_for(1h);
  EXPECT_FALSE(is_shown()) << "it has ended";
  EXPECT_EQ(changes_, 2U);
  is_away_ = false;
  time_.run_for(1h + 1min);
  EXPECT_TRUE(is_shown());
  EXPECT_GE(shown_for(), 95h) << "fresh";
}

TEST_F(a_stapler, goes_on_after_a_restart_with_what_is_on_disk_and_asks_at_its_half) {
  start();
  time_.run_for(24h);
  asked_.clear();
  is_away_ = true;
  start();
  EXPECT_TRUE(is_shown()) << "at once";
  EXPECT_THAT(asked_, IsEmpty());
  time_.run_for(24h - 1min);
  EXPECT_THAT(asked_, IsEmpty());
  time_.run_for(2min);
  EXPECT_FALSE(asked_.empty());
}

TEST_F(a_stapler, takes_the_word_of_a_delegated_signer_and_of_nobody_else) {
  const auto good = ca_.delegate("OCSPSigning");
  signer_ = &good;
  start();
  EXPECT_TRUE(is_shown());
  std::filesystem::remove(folder_ / "a.crt.ocsp");
  const auto bad = ca_.delegate("serverAuth");
  signer_ = &bad;
  start();
  time_.run_for(5min);
  EXPECT_FALSE(is_shown());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "a.crt.ocsp"));
}

TEST_F(a_stapler, shows_nothing_of_a_certificate_that_was_revoked_and_goes_on_asking) {
  start();
  status_ = V_OCSP_CERTSTATUS_REVOKED;
  time_.run_for(48h + 1min);
  EXPECT_FALSE(is_shown());
  EXPECT_THAT(revoked_, ElementsAre(leaf_->serial_hex()));
  status_ = V_OCSP_CERTSTATUS_GOOD;  // it was on hold
  time_.run_for(48h + 1min);
  EXPECT_TRUE(is_shown());
}

TEST_F(a_stapler, asks_at_once_for_another_certificate) {
  start();
  time_.run_for(1h);
  leaf_ = ca_.leaf("a.test", 24h * 90);
  stapler_->follow(leaf_);
  EXPECT_FALSE(is_shown()) << "what is known is about the one before";
  time_.settle();
  EXPECT_TRUE(is_shown());
  EXPECT_THAT(asked_, ElementsAre(0min, 1h));
}

}  // namespace
}  // namespace cardea::autocert
