#include "base/task_group.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace cardea::base {
namespace {

awaitable<void> count_after(steady_timer& gate, int& count) {
  co_await gate.async_wait(as_result);
  ++count;
}

awaitable<void> throw_at_once() {
  throw std::runtime_error("on purpose");
  co_return;
}

awaitable<void> join_then(task_group& group, bool& joined) {
  co_await group.join();
  joined = true;
}

struct fixture : testing::Test {
  asio::io_context io;
  logger log{"test"};
  steady_timer gate{io.get_executor(), steady_timer::time_point::max()};
  int count = 0;
  bool joined = false;

  void settle() {
    io.restart();
    io.poll();
  }
};
using task_group_of = fixture;

TEST_F(task_group_of, coroutines_is_joined_when_the_last_one_has_ended) {
  task_group group(io.get_executor(), log);
  group.spawn(count_after(gate, count));
  group.spawn(count_after(gate, count));
  task_group outer(io.get_executor(), log);
  outer.spawn(join_then(group, joined));
  settle();
  EXPECT_EQ(group.size(), 2U);
  EXPECT_FALSE(joined);
  gate.cancel();
  settle();
  EXPECT_EQ(count, 2);
  EXPECT_TRUE(joined);
  EXPECT_EQ(outer.size(), 0U);
}

TEST_F(task_group_of, nothing_is_joined_at_once) {
  task_group group(io.get_executor(), log);
  task_group outer(io.get_executor(), log);
  outer.spawn(join_then(group, joined));
  settle();
  EXPECT_TRUE(joined);
}

TEST_F(task_group_of, cancelled_coroutines_ends_without_exceptions) {
  task_group group(io.get_executor(), log);
  for (int i = 0; i < 3; ++i) group.spawn(count_after(gate, count));
  settle();
  group.cancel();
  settle();
  EXPECT_EQ(count, 3);
  EXPECT_EQ(group.size(), 0U);
  EXPECT_EQ(group.failed_count(), 0U);
}

TEST_F(task_group_of, children_is_cancelled_with_whoever_joins_them) {
  task_group group(io.get_executor(), log);
  group.spawn(count_after(gate, count));
  task_group outer(io.get_executor(), log);
  outer.spawn(join_then(group, joined));
  settle();
  outer.cancel();
  settle();
  EXPECT_EQ(count, 1);
  EXPECT_TRUE(joined);
}

TEST_F(task_group_of, a_throwing_child_loses_that_child_only) {
  task_group group(io.get_executor(), log);
  group.spawn(count_after(gate, count));
  group.spawn(throw_at_once());
  settle();
  EXPECT_EQ(group.failed_count(), 1U);
  EXPECT_EQ(group.size(), 1U);
  gate.cancel();
  settle();
  EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace cardea::base
