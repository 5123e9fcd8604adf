#include "base/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>

namespace cardea::base {
namespace {

TEST(timer_wheel, fires_never_early_and_at_most_one_granule_late) {
  for (const tick_ms deadline : {1, 63, 64, 65, 1'000, 65'535, 65'536, 70'000, 500'000}) {
    const tick_ms begin = 0;
    timer_wheel fresh(begin);
    timer_wheel::node timer;
    fresh.arm(timer, deadline);
    tick_ms fired = -1;
    for (tick_ms now = begin; fired < 0 && now <= deadline + 1'000; ++now)
      if (fresh.expired(now) == &timer) fired = now;
    EXPECT_GE(fired, deadline);
    EXPECT_LT(fired, deadline + timer_wheel::granularity + 1);
  }
}

TEST(timer_wheel, a_deadline_that_is_pushed_out_fires_at_the_last_one) {
  timer_wheel wheel(0);
  timer_wheel::node timer;
  wheel.arm(timer, 100);
  wheel.arm(timer, 10'000);
  for (tick_ms now = 0; now < 10'000; ++now) ASSERT_EQ(wheel.expired(now), nullptr) << now;
  EXPECT_EQ(wheel.expired(10'100), &timer);
  EXPECT_EQ(wheel.expired(10'200), nullptr);
}

TEST(timer_wheel, a_deadline_that_is_pulled_in_fires_at_the_earlier_one) {
  timer_wheel wheel(0);
  timer_wheel::node timer;
  wheel.arm(timer, 50'000);
  wheel.arm(timer, 100);
  EXPECT_EQ(wheel.expired(99), nullptr);
  EXPECT_EQ(wheel.expired(200), &timer);
}

TEST(timer_wheel, a_cancelled_or_destroyed_node_never_fires) {
  timer_wheel wheel(0);
  timer_wheel::node cancelled;
  wheel.arm(cancelled, 100);
  wheel.cancel(cancelled);
  {
    timer_wheel::node destroyed;
    wheel.arm(destroyed, 100);
  }
  EXPECT_EQ(wheel.expired(1'000), nullptr);
}

TEST(timer_wheel, next_visit_is_never_later_than_the_first_deadline_s_granule) {
  timer_wheel wheel(0);
  EXPECT_EQ(wheel.next_visit(), no_deadline);
  timer_wheel::node late;
  timer_wheel::node soon;
  wheel.arm(late, 5'000);
  wheel.arm(soon, 700);
  EXPECT_LE(wheel.next_visit(), 700 + timer_wheel::granularity);
  EXPECT_EQ(wheel.expired(800), &soon);
  EXPECT_EQ(wheel.expired(800), nullptr);
  EXPECT_GT(wheel.next_visit(), 800);
  EXPECT_LE(wheel.next_visit(), 5'000 + timer_wheel::granularity);
}

// The wheel against the obvious model, under random arming, moving and cancelling.
TEST(timer_wheel, agrees_with_a_sorted_map_over_a_long_random_run) {
  std::mt19937 random(7);
  timer_wheel wheel(0);
  std::map<timer_wheel::node*, tick_ms> model;
  std::vector<std::unique_ptr<timer_wheel::node>> nodes;
  for (int i = 0; i < 200; ++i) nodes.push_back(std::make_unique<timer_wheel::node>());
  tick_ms now = 0;
  for (int turn = 0; turn < 20'000; ++turn) {
    timer_wheel::node& chosen = *nodes[random() % nodes.size()];
    if (random() % 8 == 0) {
      wheel.cancel(chosen);
      model.erase(&chosen);
    } else {
      const tick_ms deadline = now + static_cast<tick_ms>(random() % (random() % 50 == 0 ? 200'000 : 3'000));
      wheel.arm(chosen, deadline);
      model[&chosen] = deadline;
    }
    now += static_cast<tick_ms>(random() % 20);
    while (timer_wheel::node* fired = wheel.expired(now)) {
      ASSERT_TRUE(model.contains(fired));
      ASSERT_LE(model[fired], now);
      model.erase(fired);
    }
    for (const auto& [node, deadline] : model) ASSERT_GT(deadline + timer_wheel::granularity, now);
  }
}

}  // namespace
}  // namespace cardea::base
