// Goal: the operator hears of a record before it is missing. Method: a zone in memory and a log that is read.
#include "autocert/solvers/dns_persist01.hpp"

#include "base/atomic_file.hpp"
#include "tests/support/run_coroutine.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace cardea::autocert::solvers {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class persist : public testing::Test {
 protected:
  std::string check(solver::work wanted) {
    const auto outcome = tests::run(context_, solver_.check(std::move(wanted)));
    return outcome ? "good" : outcome.error().message();
  }
  base::awaitable<base::result<std::vector<std::string>>> find(std::string name) {
    if (is_broken_) co_return base::error(base::errc::timed_out, "no name server answers");
    co_return zone_[name];
  }
  std::string notes() {
    const auto text = base::read_file(folder_ / "notes", 10'000);
    return text ? *text : "";
  }
  void publish(std::string more = {}) {
    zone_["_validation-persist.a.test"] = {"ca.test; accounturi=https://ca.test/acct/1" + more};
  }
  [[nodiscard]] std::string in(std::chrono::hours hours) const {
    return "; persistUntil=" + std::to_string(std::chrono::system_clock::to_time_t(now_ + hours));
  }

  test_support::scratch_folder folder_;
  base::asio::io_context context_{1};
  base::wall_time now_ = std::chrono::system_clock::now();
  std::map<std::string, std::vector<std::string>> zone_;
  bool is_broken_ = false;
  std::vector<std::string> log_;
  base::log_subscription reading_ =
      base::subscribe_to_log([this](const base::log_line& line) { log_.emplace_back(line.text); });
  dns_persist01 solver_{[this](std::string name) { return find(std::move(name)); }, folder_ / "notes",
                        [this] { return now_; }, base::logger("test")};
  const solver::work wanted_{"a.test", {}, {}, false, "https://ca.test/acct/1", "thumb", {"ca.test"}, {}};
};

TEST_F(persist, b71_what_has_to_be_published_is_logged_once_and_noted) {
  EXPECT_THAT(check(wanted_), HasSubstr("publish _validation-persist.a.test. TXT"));
  static_cast<void>(check(wanted_));
  std::size_t told = 0;
  for (const std::string& line : log_)
    told += line.find("needs this TXT record") != std::string::npos ? 1 : 0;
  EXPECT_EQ(told, 1U);
  EXPECT_EQ(notes(), "_validation-persist.a.test. TXT \"ca.test; accounturi=https://ca.test/acct/1\"\n");
}

TEST_F(persist, b71_a_name_and_its_wildcard_are_one_record) {
  solver::work wildcard = wanted_;
  wildcard.wildcard = true;
  publish();
  EXPECT_EQ(check(wanted_), "good");
  EXPECT_THAT(check(wildcard), HasSubstr("lacks policy=wildcard"));
  EXPECT_THAT(notes(), HasSubstr("; policy=wildcard\"\n"));
  EXPECT_EQ(check(wanted_), "good");
  EXPECT_THAT(notes(), HasSubstr("; policy=wildcard\"\n")) << "not taken back by the name without it";
}

TEST_F(persist, b71_another_account_is_refused) {
  publish("0");
  EXPECT_THAT(check(wanted_), HasSubstr("another account, https://ca.test/acct/10"));
}

TEST_F(persist, b71_an_end_is_warned_about_in_time) {
  publish(in(24h * 91));
  EXPECT_EQ(check(wanted_), "good");
  EXPECT_THAT(log_, testing::Not(Contains(HasSubstr("ends soon"))));
  publish(in(24h * 89));
  EXPECT_EQ(check(wanted_), "good");
  EXPECT_THAT(log_, Contains(HasSubstr("ends soon")));
  publish(in(-1h));
  EXPECT_THAT(check(wanted_), HasSubstr("has ended"));
}

TEST_F(persist, b71_without_a_name_of_the_ca_nothing_can_be_said_yet) {
  solver::work unnamed = wanted_;
  unnamed.issuers.clear();
  EXPECT_EQ(check(unnamed), "good");
  EXPECT_THAT(notes(), IsEmpty());
}

TEST_F(persist, a_name_server_that_fails_is_an_error_of_its_own) {
  is_broken_ = true;
  EXPECT_EQ(check(wanted_), "_validation-persist.a.test: no name server answers");
}

}  // namespace
}  // namespace cardea::autocert::solvers
