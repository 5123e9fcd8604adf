// Goal: nothing is asked for before every listener answers for it, and nothing
// stays up. Method: a publisher that answers when the test says so.
#include "autocert/solvers/challenge_board.hpp"

#include "autocert/solvers/http01.hpp"
#include "autocert/solvers/tls_alpn01.hpp"
#include "base/task_group.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

namespace cardea::autocert::solvers {
namespace {

using namespace std::chrono_literals;

class board_with_listeners : public testing::Test {
 protected:
  board_with_listeners() { base::set_log_level(base::log_level::error); }
  ~board_with_listeners() override { base::set_log_level(base::log_level::info); }

  base::awaitable<void> present(solver& by, std::vector<solver::work> wanted,
                                std::optional<base::result<void>>& outcome) {
    outcome = co_await by.present(std::move(wanted));
  }
  /// What can be done now; nothing is waited for.
  void settle() {
    context_.restart();
    context_.poll();
  }
  void spawn(solver& by, std::vector<solver::work> wanted, std::optional<base::result<void>>& outcome) {
    group_.spawn(present(by, std::move(wanted), outcome));
    settle();
  }
  void clean_up(solver& by) {
    group_.spawn(by.clean_up());
    settle();
  }
  /// Ends what is still waiting.
  void end() {
    group_.cancel();
    context_.restart();
    context_.run();
  }

  base::asio::io_context context_{1};
  base::task_group group_{context_.get_executor(), base::logger("test")};
  base::challenge_snapshot shown_;
  std::vector<std::function<void()>> waiting_;
  challenge_board board_{[this](base::challenge_snapshot pending, std::function<void()> installed) {
    shown_ = std::move(pending);
    waiting_.push_back(std::move(installed));
  }};
};

const solver::work a{"a.test", "token-a", "token-a.thumb"};
const solver::work b{"b.test", "token-b", "token-b.thumb"};

TEST_F(board_with_listeners, b66_a_challenge_is_in_place_before_the_ca_is_asked) {
  http01 first(board_);
  std::optional<base::result<void>> outcome;
  spawn(first, {a}, outcome);
  ASSERT_NE(shown_, nullptr);
  EXPECT_NE(shown_->find_http01("a.test", "token-a"), nullptr);
  EXPECT_FALSE(outcome) << "the listeners have not said so";
  // From a worker's thread.
  std::thread(waiting_.back()).join();
  settle();
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(*outcome);
  clean_up(first);
  EXPECT_EQ(shown_, nullptr);
  EXPECT_TRUE(board_.empty());
}

TEST_F(board_with_listeners, several_orders_stand_side_by_side_and_go_one_by_one) {
  http01 first(board_);
  tls_alpn01 second(board_, base::system_wall_clock());
  std::optional<base::result<void>> one;
  std::optional<base::result<void>> two;
  spawn(first, {a, b}, one);
  spawn(second, {a}, two);
  EXPECT_EQ(shown_->size(), 3U);
  EXPECT_NE(shown_->find_tls_alpn01("A.test"), nullptr);
  clean_up(first);
  EXPECT_EQ(shown_->size(), 1U);
  EXPECT_EQ(shown_->find_http01("a.test", "token-a"), nullptr);
  end();
  clean_up(second);
  EXPECT_EQ(shown_, nullptr);
}

// A name has one certificate in a handshake: the second order would take it from the first.
TEST_F(board_with_listeners, b70_two_orders_for_one_name_prove_it_one_after_the_other) {
  tls_alpn01 first(board_, base::system_wall_clock());
  tls_alpn01 second(board_, base::system_wall_clock());
  std::optional<base::result<void>> one;
  std::optional<base::result<void>> two;
  spawn(first, {b, a}, one);
  spawn(second, {a, b}, two);
  EXPECT_EQ(waiting_.size(), 1U);
  const base::challenge_snapshot before = shown_;  // kept, so that no other certificate gets its place in memory
  const base::certificate* const shown = before->find_tls_alpn01("a.test");
  waiting_.back()();
  settle();
  EXPECT_TRUE(one && *one);
  EXPECT_FALSE(two);
  EXPECT_EQ(shown_->find_tls_alpn01("a.test"), shown);
  clean_up(first);
  ASSERT_NE(shown_, nullptr);
  EXPECT_NE(shown_->find_tls_alpn01("a.test"), shown);
  waiting_.back()();
  settle();
  EXPECT_TRUE(two && *two);
  clean_up(second);
  EXPECT_TRUE(board_.empty());
}

TEST_F(board_with_listeners, an_order_that_is_withdrawn_meanwhile_is_cancelled) {
  http01 first(board_);
  std::optional<base::result<void>> outcome;
  spawn(first, {a}, outcome);
  end();
  ASSERT_TRUE(outcome);
  ASSERT_FALSE(*outcome);
  EXPECT_EQ(outcome->error().code, base::errc::cancelled);
  clean_up(first);
  EXPECT_EQ(shown_, nullptr);
}

TEST_F(board_with_listeners, a_posting_that_dies_is_taken_back) {
  {
    http01 first(board_);
    std::optional<base::result<void>> outcome;
    spawn(first, {a}, outcome);
    EXPECT_FALSE(board_.empty());
    end();
  }
  EXPECT_TRUE(board_.empty());
  EXPECT_EQ(shown_, nullptr);
}

}  // namespace
}  // namespace cardea::autocert::solvers
