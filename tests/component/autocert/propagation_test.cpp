// Goal: a record counts as visible when all servers that must show it do, and
// a time-out says who did not and what they said. Method: BIND on loopback.
#include "autocert/dns/propagation.hpp"

#include "autocert/solvers/dns01.hpp"
#include "base/task_group.hpp"
#include "dnsproviders/registry.hpp"
#include "tests/support/name_server.hpp"
#include "tests/support/run_coroutine.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace cardea::autocert::dns {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Each;
using testing::Ge;
using testing::IsEmpty;
using testing::Le;
using testing::SizeIs;
using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char* name = "_acme-challenge.www.example.test";

std::vector<tests::served_zone> zones(const std::string& more = {}) {
  return {{"example.test",
           more + "_acme-challenge.elsewhere CNAME www.challenges.test.\nsub NS ns.nowhere.test.\n",
           "allow-update { any; };"},
          {"challenges.test", "", "allow-update { any; };"}};
}

class propagation : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    primary_ = std::make_unique<tests::name_server>(zones());
    laggard_ = std::make_unique<tests::name_server>(zones("_acme-challenge.www TXT \"old\"\n"));
  }
  static void TearDownTestSuite() {
    primary_.reset();
    laggard_.reset();
  }
  propagation() { base::set_log_level(base::log_level::error); }
  ~propagation() override {
    for (const auto* server : {primary_.get(), laggard_.get()}) (void)write(*server, "right", false);
    base::set_log_level(base::log_level::info);
  }

  static std::unique_ptr<dnsproviders::provider> provider_of(const tests::name_server& server) {
    const std::map<std::string, base::secret> options{{"nameserver", base::secret(server.text())}};
    const auto nothing = [](const std::string&) { return std::optional<std::string>(); };
    dnsproviders::services none{base::fetch{}, base::dns_resolver::create({server.text()}).value()};
    return dnsproviders::make_provider("rfc2136", options, nothing, std::move(none)).value();
  }
  bool write(const tests::name_server& server, const std::string& value, bool presents = true,
             const std::string& fqdn = name) {
    const auto by = provider_of(server);
    dnsproviders::challenge_record record{fqdn, value, "", "", ""};
    auto work = presents ? by->present(std::move(record)) : by->clean_up(std::move(record));
    return tests::run(context_, std::move(work)).has_value();
  }

  /// Sleeps, and writes down how long.
  auto sleep() {
    return [this](clock::duration duration) {
      pauses_.push_back(std::chrono::duration_cast<milliseconds>(duration));
      return base::sleep_for(duration);
    };
  }
  static base::dns_resolver resolver(const std::vector<std::string>& servers) {
    return base::dns_resolver::create(servers).value();
  }
  std::string wait(const std::vector<std::string>& servers, milliseconds timeout,
                   milliseconds interval = 50ms, const std::string& fqdn = name) {
    const auto outcome = tests::run(
        context_, wait_until_visible(resolver(servers), fqdn, "right", {timeout, interval}, sleep()));
    return outcome ? "visible" : outcome.error().message();
  }

  static base::awaitable<void> write_later(dnsproviders::provider& by, milliseconds after) {
    co_await base::sleep_for(after);
    dnsproviders::challenge_record record{name, "right", "", "", ""};
    const auto written = co_await by.present(std::move(record));
    EXPECT_TRUE(written);
  }
  void write_after(dnsproviders::provider& by, milliseconds after) {
    base::asio::co_spawn(context_, write_later(by, after),
                         [](std::exception_ptr failure) { EXPECT_EQ(failure, nullptr); });
  }

  static std::unique_ptr<tests::name_server> primary_;
  static std::unique_ptr<tests::name_server> laggard_;
  base::asio::io_context context_{1};
  std::vector<milliseconds> pauses_;
};
std::unique_ptr<tests::name_server> propagation::primary_;
std::unique_ptr<tests::name_server> propagation::laggard_;

// The NS record of the zones leads to an address where nobody listens.
constexpr const char* unreachable = "ns.example.test at 127.127.127.53:53: Connection refused";

TEST_F(propagation, is_there_at_once_when_the_server_shows_the_value) {
  ASSERT_TRUE(write(*primary_, "other"));
  ASSERT_TRUE(write(*primary_, "right"));
  EXPECT_EQ(wait({primary_->text()}, 5s), "visible") << "beside another value, and an unreachable server";
  EXPECT_THAT(pauses_, IsEmpty());
  ASSERT_TRUE(write(*primary_, "other", false));
}

TEST_F(propagation, is_waited_for) {
  const auto by = provider_of(*primary_);
  write_after(*by, 150ms);
  const auto begin = clock::now();
  EXPECT_EQ(wait({primary_->text()}, 5s), "visible");
  EXPECT_GE(clock::now() - begin, 150ms);
  EXPECT_LT(clock::now() - begin, 2s);
}

TEST_F(propagation, b69_is_waited_for_at_every_server) {
  ASSERT_TRUE(write(*primary_, "right"));
  const auto by = provider_of(*laggard_);
  write_after(*by, 150ms);
  const auto begin = clock::now();
  EXPECT_EQ(wait({primary_->text(), laggard_->text()}, 5s), "visible");
  EXPECT_GE(clock::now() - begin, 150ms);
}

TEST_F(propagation, b69_says_what_each_server_that_lags_behind_said) {
  EXPECT_EQ(wait({primary_->text()}, 100ms), std::string("the record ") + name + " is not visible: " +
                                                 primary_->text() + " answered NXDOMAIN; " + unreachable);
  EXPECT_EQ(wait({laggard_->text()}, 100ms), std::string("the record ") + name + " is not visible: " +
                                                 laggard_->text() + " shows 1 other value; " + unreachable);
  EXPECT_EQ(wait({primary_->text()}, 100ms, 50ms, "ns.example.test"),
            "the record ns.example.test is not visible: " + primary_->text() + " shows no TXT record; " +
                unreachable);
  ASSERT_TRUE(write(*primary_, "right"));
  EXPECT_EQ(wait({primary_->text(), laggard_->text()}, 100ms), std::string("the record ") + name +
                                                                   " is not visible: " + laggard_->text() +
                                                                   " shows 1 other value; " + unreachable)
      << "the one that shows it is not named";
}

TEST_F(propagation, fails_at_once_where_no_server_can_be_found) {
  EXPECT_EQ(wait({primary_->text()}, 5s, 50ms, "_acme-challenge.nowhere.test"),
            "zone of _acme-challenge.nowhere.test: " + primary_->text() +
                " answered REFUSED for _acme-challenge.nowhere.test");
  EXPECT_EQ(wait({primary_->text()}, 5s, 50ms, "_acme-challenge.sub.example.test"),
            "no name servers found for zone sub.example.test");
  const std::string nobody = "127.0.0.1:" + std::to_string(tests::free_port());
  EXPECT_EQ(wait({nobody}, 5s), std::string("zone of ") + name + ": " + nobody + ": Connection refused");
  EXPECT_THAT(pauses_, IsEmpty());
}

TEST_F(propagation, is_looked_for_often_at_first_and_never_without_a_pause) {
  wait({primary_->text()}, 300ms, 0ms);
  EXPECT_THAT(pauses_, SizeIs(Le(7U))) << "an interval of zero must not flood the servers";
  pauses_.clear();
  const auto begin = clock::now();
  wait({primary_->text()}, 400ms, 1h);
  EXPECT_LT(clock::now() - begin, 700ms) << "no pause goes beyond the deadline";
  ASSERT_GE(pauses_.size(), 3U);
  EXPECT_EQ(pauses_[0], 50ms);
  EXPECT_EQ(pauses_[1], 100ms);
  EXPECT_THAT(pauses_, Each(AllOf(Ge(1ms), Le(400ms))));
}

TEST_F(propagation, is_not_waited_for_any_more_when_it_is_withdrawn) {
  base::result<void> outcome;
  const auto keep = [](base::awaitable<base::result<void>> work,
                       base::result<void>& out) -> base::awaitable<void> { out = co_await std::move(work); };
  base::task_group group(context_.get_executor(), base::logger("test"));
  group.spawn(
      keep(wait_until_visible(resolver({primary_->text()}), name, "right", {20s, 10s}, sleep()), outcome));
  context_.restart();
  context_.run_for(120ms);
  ASSERT_EQ(group.size(), 1U);
  const auto begin = clock::now();
  group.cancel();
  context_.run();
  EXPECT_EQ(group.size(), 0U);
  EXPECT_LT(clock::now() - begin, 1s);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, base::errc::cancelled);
}

TEST_F(propagation, b67_is_proven_at_the_end_of_a_delegation_by_the_solver) {
  const test_support::scratch_folder folder;
  const base::dns_resolver asked = resolver({primary_->text()});
  solvers::dns01 solver(
      provider_of(*primary_), [&](std::string each) { return asked.follow_cnames(std::move(each)); },
      [&](std::string each, std::string value, dnsproviders::propagation_timing) {
        return wait_until_visible(asked, std::move(each), std::move(value), {3s, 50ms}, sleep());
      },
      folder / "pending-dns", base::logger("test"));
  const auto values = [&] {
    const auto reply = tests::run(
        context_, base::dns_query("www.challenges.test", base::dns_type::txt, primary_->address(), false));
    return reply->answers.size();
  };
  // A name and its wildcard.
  std::vector<solvers::dns01::work> both{{"elsewhere.example.test", "a", "a.thumbprint"},
                                         {"elsewhere.example.test", "b", "b.thumbprint"}};
  const auto outcome = tests::run(context_, solver.present(std::move(both)));
  EXPECT_TRUE(outcome) << outcome.error().message();
  EXPECT_EQ(values(), 2U);
  tests::run(context_, solver.clean_up());
  EXPECT_EQ(values(), 0U);
}

}  // namespace
}  // namespace cardea::autocert::dns
