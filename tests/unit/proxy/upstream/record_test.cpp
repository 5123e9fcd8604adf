// Goal: a backend that fails is put aside, tried again by one request, and comes back slowly.
#include "proxy/upstream/record.hpp"

#include <gtest/gtest.h>

namespace cardea::proxy::upstream {
namespace {

using namespace std::chrono_literals;

config::load_balance_section rules() {
  config::load_balance_section out;
  out.max_fails = 3;
  out.fail_timeout = 1s;
  out.fail_timeout_max = 5s;
  out.slow_start = 10s;
  return out;
}

void fail_times(record& of, int count, base::tick_ms now) {
  for (int i = 0; i < count; ++i) of.fail(of.begin(now), now);
}

TEST(record, so_many_failures_in_a_row_put_a_backend_aside) {
  record of(rules());
  fail_times(of, 2, 0);
  EXPECT_TRUE(of.trusted(0));
  of.succeed(of.begin(0), 0);
  fail_times(of, 2, 0);
  EXPECT_TRUE(of.trusted(0)) << "a success between them begins the count anew";
  fail_times(of, 1, 0);
  EXPECT_FALSE(of.trusted(0));
  EXPECT_FALSE(of.trusted(999));
}

TEST(record, one_request_at_a_time_is_the_trial) {
  record of(rules());
  fail_times(of, 3, 0);
  EXPECT_TRUE(of.trusted(1'000));
  EXPECT_TRUE(of.begin(1'000));
  EXPECT_FALSE(of.trusted(1'000)) << "no second one beside the trial";
  of.abandon(true);
  EXPECT_TRUE(of.trusted(1'000)) << "a trial whose client went away said nothing";
}

TEST(record, a_trial_that_fails_doubles_the_pause_up_to_the_maximum) {
  record of(rules());
  fail_times(of, 3, 0);
  base::tick_ms now = 1'000;
  for (const base::tick_ms pause : {2'000, 4'000, 5'000, 5'000}) {
    ASSERT_TRUE(of.trusted(now));
    of.fail(of.begin(now), now);
    EXPECT_FALSE(of.trusted(now + pause - 1)) << pause;
    EXPECT_TRUE(of.trusted(now + pause)) << pause;
    now += pause;
  }
}

TEST(record, u10_failures_that_come_in_together_count_as_one_event) {
  record of(rules());
  fail_times(of, 40, 0);
  EXPECT_TRUE(of.trusted(1'000)) << "what was under way when the circuit opened does not prolong it";
}

TEST(record, u10_slow_start_gives_a_growing_share) {
  record of(rules());
  EXPECT_EQ(of.share(0), 100U) << "at the start nobody is new";
  fail_times(of, 3, 100);
  of.succeed(of.begin(1'100), 1'100);
  EXPECT_TRUE(of.trusted(1'100));
  EXPECT_EQ(of.share(1'100), 10U);
  EXPECT_EQ(of.share(4'100), 30U);
  EXPECT_EQ(of.share(10'100), 90U);
  EXPECT_EQ(of.share(11'100), 100U);
}

TEST(record, a_backend_that_falls_again_within_its_slow_start_is_put_aside_for_longer) {
  record of(rules());
  fail_times(of, 3, 0);
  of.succeed(of.begin(1'000), 1'000);
  fail_times(of, 3, 2'000);
  EXPECT_FALSE(of.trusted(3'999));
  EXPECT_TRUE(of.trusted(4'000));
}

TEST(record, one_that_did_well_for_its_slow_start_begins_with_the_short_pause) {
  record of(rules());
  fail_times(of, 3, 0);
  of.succeed(of.begin(1'000), 1'000);
  of.succeed(of.begin(20'000), 20'000);
  fail_times(of, 3, 20'000);
  EXPECT_TRUE(of.trusted(21'000));
}

TEST(record, a_late_success_of_before_does_not_close_the_circuit) {
  record of(rules());
  const bool trial = of.begin(0);
  fail_times(of, 3, 0);
  of.succeed(trial, 10);
  EXPECT_FALSE(of.trusted(10));
}

TEST(record, without_max_fails_nothing_is_put_aside) {
  config::load_balance_section never = rules();
  never.max_fails = 0;
  record of(never);
  fail_times(of, 100, 0);
  EXPECT_TRUE(of.trusted(0));
}

TEST(record, the_active_checks_forgive_what_failed_before_and_start_slowly) {
  record of(rules());
  fail_times(of, 3, 5);
  of.set_up(false, 10);
  EXPECT_FALSE(of.up());
  of.set_up(true, 5'000);
  EXPECT_TRUE(of.up());
  EXPECT_TRUE(of.trusted(5'000));
  EXPECT_EQ(of.share(5'000), 10U);
  of.set_up(true, 9'000);
  EXPECT_EQ(of.share(10'000), 50U) << "the same word again changes nothing";
}

}  // namespace
}  // namespace cardea::proxy::upstream
