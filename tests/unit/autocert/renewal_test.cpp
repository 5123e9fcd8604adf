#include "autocert/renewal.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace cardea::autocert {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;
constexpr seconds day = 24h;

const base::wall_time start = std::chrono::system_clock::from_time_t(1'800'000'000);

// As CAs write it: both ends count.
validity issued(base::wall_time at, seconds lives) { return {at, at + lives - 1s}; }

TEST(renewal, b05_lead_depends_on_the_lifetime) {
  const struct {
    seconds lives;
    seconds lead;
  } rows[] = {
      {398 * day, 30 * day},
      {90 * day, 30 * day},
      {90 * day - 1s, 30 * day - 1s},
      {64 * day, 64 * day / 3},
      {47 * day, 47 * day / 3},
      {45 * day, 15 * day},
      {10 * day, 10 * day / 3},
      {10 * day - 2s, 5 * day - 1s},
      {160h, 80h},
      {24h, 12h},
      {1h, 30min},
      {5min, 150s},
      {60s, 30s},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(renewal_lead(row.lives), row.lead) << row.lives.count();
    const validity dates = issued(start, row.lives);
    EXPECT_EQ(lifetime(dates), row.lives);
    EXPECT_EQ(renewal_due(dates.not_before, dates.not_after), dates.not_after - row.lead)
        << row.lives.count();
  }
}

TEST(renewal, jitter_is_small_early_and_the_same_after_a_restart) {
  const validity dates = issued(start, 90 * day);
  const auto due = renewal_due(dates.not_before, dates.not_after);
  EXPECT_EQ(jittered_renewal_due(dates, "a.crt"), jittered_renewal_due(dates, "a.crt"));
  for (int i = 0; i < 1000; ++i) {
    const auto at = jittered_renewal_due(dates, std::to_string(i) + ".crt");
    EXPECT_LE(at, due);
    EXPECT_GE(at, due - 90 * day / 50);
  }
}

TEST(renewal, b09_five_thousand_certificates_of_one_second_are_renewed_in_small_runs) {
  const validity dates = issued(start, 90 * day);
  std::multiset<std::int64_t> hours;
  for (int i = 0; i < 5000; ++i) {
    const auto at = jittered_renewal_due(dates, "certs/" + std::to_string(i) + ".crt");
    hours.insert(std::chrono::duration_cast<std::chrono::hours>(at - start).count());
  }
  std::size_t most = 0;
  for (const auto hour : hours) most = std::max(most, hours.count(hour));
  EXPECT_LT(most, 250U) << "of 5000 in about 43 hours";
}

TEST(renewal, cooldown_depends_on_what_there_is_to_lose) {
  EXPECT_EQ(cooldown(std::nullopt, start), 15s);
  const auto with_left = [](seconds lives, seconds left) {
    return cooldown(issued(start - lives + left, lives), start - 1s);
  };
  EXPECT_EQ(with_left(90 * day, 30 * day), 1h);
  EXPECT_EQ(with_left(90 * day, 1s), 1h);
  EXPECT_EQ(with_left(10 * day, 3 * day), 1h);
  EXPECT_EQ(with_left(160h, 80h), 1h) << "a tenth is eight hours";
  EXPECT_EQ(with_left(160h, 5h), 30min);
  EXPECT_EQ(with_left(1h, 30min), 3min);
  EXPECT_EQ(with_left(1h, 1min), 15s);
  EXPECT_EQ(with_left(60s, 30s), 3s);
  EXPECT_EQ(with_left(60s, -10s), 15s) << "as when there is none";
  EXPECT_EQ(with_left(24h, 30min), 15min) << "four an hour: a public CA counts them";
  EXPECT_EQ(with_left(23h, 30min), 3min);
}

TEST(renewal, b22_failures_are_repeated_ever_more_slowly) {
  const seconds without[] = {15s, 2min, 20min, 1h, 1h, 2h, 2h, 3h, 6h, 6h};
  for (unsigned n = 0; n < std::size(without); ++n)
    EXPECT_EQ(cooldown(std::nullopt, start, n + 1), without[n]);
  EXPECT_EQ(cooldown(std::nullopt, start, 0), 15s) << "a failure of which only the time is known";
  EXPECT_EQ(cooldown(std::nullopt, start, 31), 24h);
  EXPECT_EQ(cooldown(std::nullopt, start, 4'000'000'000U), 24h);
  const seconds of_renewal[] = {1h, 1h, 1h, 2h, 2h, 2h, 4h, 4h, 6h, 6h};
  const validity dates = issued(start - 60 * day, 90 * day);
  for (unsigned n = 0; n < std::size(of_renewal); ++n)
    EXPECT_EQ(cooldown(dates, start, n + 1), of_renewal[n]);
  EXPECT_EQ(cooldown(dates, start, 31), 24h);
  EXPECT_EQ(cooldown(dates, start + 25 * day - 1s, 31), 12h) << "a tenth of what is left";
  EXPECT_EQ(cooldown(dates, start + 29 * day + 23h, 31), 1h);
  EXPECT_EQ(cooldown(dates, start + 31 * day, 2), 2min) << "expired is as bad as none";
  EXPECT_EQ(cooldown(issued(start - 2h, 1h), start, 31), 15min) << "a quarter of its life";
}

TEST(renewal, b25_no_hour_has_more_than_four_failures) {
  for (const std::optional<validity>& dates :
       {std::optional<validity>(), std::optional(issued(start, 90 * day)), std::optional(issued(start, 160h)),
        std::optional(issued(start, 24h))}) {
    std::vector<base::wall_time> attempts{dates ? renewal_due(dates->not_before, dates->not_after) : start};
    for (unsigned n = 1; n < 300; ++n)
      attempts.push_back(attempts.back() + cooldown(dates, attempts.back(), n));
    for (std::size_t i = 5; i < attempts.size(); ++i)
      ASSERT_GE(attempts[i] - attempts[i - 5], 1h) << i << (dates ? " with one" : " without one");
  }
}

TEST(renewal, b23_no_ca_is_asked_before_the_time_that_it_named) {
  renewal_inputs inputs;
  inputs.last_failure = start;
  inputs.not_before = start + 5h;
  EXPECT_EQ(next_attempt(inputs, start), start + 5h);
  inputs.not_before = start + 1s;
  EXPECT_EQ(next_attempt(inputs, start), start + 15s) << "the longer one counts";
  inputs.not_before = start + 26h;
  EXPECT_EQ(next_attempt(inputs, start), start + 15s) << "noted before the clock was set back";
}

TEST(renewal, state_tells_valid_due_and_other_names) {
  renewal_inputs inputs;
  EXPECT_EQ(state_of(inputs, start), certificate_state::expired) << "none is as bad as an expired one";
  inputs.dates = issued(start, 90 * day);
  EXPECT_EQ(state_of(inputs, start), certificate_state::valid);
  EXPECT_EQ(state_of(inputs, start + 60 * day), certificate_state::expired);
  inputs.mismatch = true;
  EXPECT_EQ(state_of(inputs, start), certificate_state::mismatch);
}

TEST(renewal, names_are_compared_as_a_set) {
  EXPECT_TRUE(same_names({"a", "b"}, {"b", "a"}));
  EXPECT_TRUE(same_names({"a", "a", "b"}, {"b", "a"}));
  EXPECT_FALSE(same_names({"a"}, {"a", "b"}));
  EXPECT_FALSE(same_names({"a", "b"}, {"a"}));
}

TEST(renewal, b08_next_attempt_waits_for_due_time_cooldown_and_interval) {
  renewal_inputs inputs;
  EXPECT_EQ(next_attempt(inputs, start), start) << "nothing there";
  inputs.last_failure = start - 5s;
  inputs.failures_in_row = 1;
  EXPECT_EQ(next_attempt(inputs, start), start + 10s);
  inputs.last_failure = start + day;
  EXPECT_EQ(next_attempt(inputs, start), start) << "a failure in the future is the clock's fault";

  inputs.last_failure.reset();
  inputs.dates = issued(start, 90 * day);
  EXPECT_EQ(next_attempt(inputs, start), jittered_renewal_due(*inputs.dates, ""));
  const auto late = start + 61 * day;
  inputs.last_failure = late - 10min;
  EXPECT_EQ(next_attempt(inputs, late), late + 50min);

  inputs.last_failure.reset();
  inputs.mismatch = true;
  EXPECT_EQ(next_attempt(inputs, start), start);
  inputs.obtained_at = start;
  EXPECT_EQ(next_attempt(inputs, start + 1s), start + 9 * day)
      << "a CA that adds names must not make us loop";
}

TEST(renewal, b54_what_its_ca_revoked_is_replaced_at_once_but_not_twice_a_day) {
  renewal_inputs inputs;
  inputs.dates = issued(start, 90 * day);
  inputs.revoked = true;
  EXPECT_EQ(next_attempt(inputs, start + day), start + day);
  EXPECT_EQ(state_of(inputs, start + day), certificate_state::mismatch);
  inputs.obtained_at = start;
  EXPECT_EQ(next_attempt(inputs, start + 1h), start + day);
  inputs.dates = issued(start, 24h);
  EXPECT_EQ(next_attempt(inputs, start + 1h), start + 144min) << "a tenth of a short life is less";
}

TEST(renewal, b01_a_suggested_time_decides_before_the_lifetime_does) {
  renewal_inputs inputs{.name = "certs/cert.crt", .dates = issued(start, 90 * day)};
  inputs.suggested = start + 10 * day;  // a CA that wants to revoke
  EXPECT_EQ(next_attempt(inputs, start + day), start + 10 * day);
  EXPECT_EQ(state_of(inputs, start + 10 * day - 1s), certificate_state::valid);
  EXPECT_EQ(state_of(inputs, start + 10 * day), certificate_state::expired);
  inputs.suggested = start + 80 * day;  // later than a third before the end
  EXPECT_EQ(next_attempt(inputs, start + 70 * day), start + 80 * day);
  EXPECT_EQ(state_of(inputs, start + 70 * day), certificate_state::valid);
}

TEST(renewal, b06_no_suggestion_is_later_than_a_twentieth_before_the_end) {
  for (const seconds lives : {90 * day, seconds(160h), seconds(1h)}) {
    renewal_inputs inputs{.name = "certs/cert.crt", .dates = issued(start, lives)};
    const base::wall_time latest = start + lives - 1s - lives / 20;
    for (const seconds after : {lives, 2 * lives, 10'000 * day}) {
      inputs.suggested = start + after;
      EXPECT_EQ(next_attempt(inputs, start), latest) << lives.count();
      EXPECT_EQ(state_of(inputs, latest), certificate_state::expired);
    }
  }
}

TEST(renewal, b03_a_suggestion_in_the_past_renews_at_once_and_makes_no_loop) {
  renewal_inputs inputs{.name = "certs/cert.crt", .dates = issued(start, 90 * day)};
  inputs.suggested = start - day;
  EXPECT_EQ(state_of(inputs, start + 1s), certificate_state::expired);
  EXPECT_LE(next_attempt(inputs, start + 1s), start + 1s);
  inputs.obtained_at = start;
  EXPECT_EQ(next_attempt(inputs, start + 1s), start + 9 * day);
}

TEST(renewal, b01_the_time_in_a_window_is_one_and_spread_over_certificates) {
  const base::wall_time end = start + 1'000'000s;
  EXPECT_EQ(chosen_between(start, end, "01ab"), chosen_between(start, end, "01ab"));
  EXPECT_NE(chosen_between(start, end, "01ab"), chosen_between(start + 1s, end, "01ab"));
  std::set<long> tenths;
  for (int i = 0; i < 300; ++i) {
    const auto at = chosen_between(start, end, std::to_string(i));
    ASSERT_TRUE(at >= start && at < end);
    tenths.insert((at - start) / 100'000s);
  }
  EXPECT_EQ(tenths.size(), 10U);
  EXPECT_EQ(chosen_between(start, start, "x"), start);
}

TEST(renewal, answers_that_are_always_due_make_no_loop) {
  renewal_inputs inputs;
  inputs.dates = issued(start - 80 * day, 90 * day);
  inputs.obtained_at = start;
  EXPECT_EQ(next_attempt(inputs, start), start + 9 * day);
  inputs.obtained_at = start + 365 * day;
  EXPECT_LT(next_attempt(inputs, start), start) << "a success in the future is the clock's fault";
}

TEST(renewal, pause_is_never_long_and_never_nothing) {
  EXPECT_EQ(pause_until(start + 60 * day, start), 10min);
  EXPECT_EQ(pause_until(start + 90s, start), 90s);
  EXPECT_EQ(pause_until(start, start), 50ms);
  EXPECT_EQ(pause_until(start - day, start), 50ms);
}

// The life of one certificate under the rules, with a clock that jumps from wake-up to wake-up.
struct simulation {
  seconds lives;
  double failure_share = 0;
  std::mt19937 random{42};

  std::size_t orders = 0;
  std::size_t attempts = 0;
  std::size_t lapses = 0;
  seconds shortest_interval = seconds::max();
  base::wall_time now = start;
  renewal_inputs inputs{};

  void attempt() {
    ++attempts;
    if (std::uniform_real_distribution<double>()(random) < failure_share) {
      inputs.failures_in_row = inputs.last_failure ? inputs.failures_in_row + 1 : 1;
      inputs.last_failure = now;
      return;
    }
    if (inputs.obtained_at)
      shortest_interval =
          std::min(shortest_interval, std::chrono::duration_cast<seconds>(now - *inputs.obtained_at));
    ++orders;
    inputs.last_failure.reset();
    inputs.obtained_at = now;
    inputs.dates = issued(now, lives);
  }

  void run_for(seconds duration) {
    inputs.name = "certs/cert.crt";
    while (now < start + duration) {
      if (next_attempt(inputs, now) <= now) attempt();
      now += pause_until(next_attempt(inputs, now), now);
      if (inputs.dates && now > inputs.dates->not_after) ++lapses;
    }
  }
};

struct simulated_case {
  const char* what;
  seconds lives;
  seconds duration;
};

void PrintTo(const simulated_case& value, std::ostream* out) { *out << value.what; }

class renewal_simulation : public testing::TestWithParam<simulated_case> {};

TEST_P(renewal_simulation, makes_the_expected_number_of_orders) {
  simulation run{GetParam().lives};
  run.run_for(GetParam().duration);
  // A cycle is what remains of the lifetime before it is due, less the jitter of 0 to 2 %.
  const auto cycle_max = static_cast<double>((run.lives - renewal_lead(run.lives)).count());
  const double cycle_min = cycle_max - 0.02 * static_cast<double>(run.lives.count()) - 1;
  const auto duration = static_cast<double>(GetParam().duration.count());
  EXPECT_GE(static_cast<double>(run.orders), duration / cycle_max - 1);
  EXPECT_LE(static_cast<double>(run.orders), duration / cycle_min + 1);
  EXPECT_EQ(run.attempts, run.orders);
  EXPECT_EQ(run.lapses, 0U);
}

TEST_P(renewal_simulation, neither_lapses_nor_loops_when_a_third_of_the_attempts_fails) {
  simulation run{GetParam().lives, 0.3};
  run.run_for(GetParam().duration);
  EXPECT_EQ(run.lapses, 0U);
  EXPECT_GE(run.shortest_interval, run.lives / 10);
  EXPECT_LT(run.attempts, run.orders * 2);
  EXPECT_GT(run.attempts, run.orders);
}

constexpr seconds ten_years = 3650 * day;
INSTANTIATE_TEST_SUITE_P(lifetimes, renewal_simulation,
                         testing::Values(simulated_case{"90 days", 90 * day, ten_years},
                                         simulated_case{"64 days", 64 * day, ten_years},
                                         simulated_case{"47 days", 47 * day, ten_years},
                                         simulated_case{"45 days", 45 * day, ten_years},
                                         simulated_case{"160 hours", 160h, ten_years},
                                         simulated_case{"24 hours", 24h, ten_years},
                                         simulated_case{"1 hour", 1h, 365 * day},
                                         simulated_case{"60 seconds", 60s, day}));

TEST(renewal_simulation_of, a_clock_set_back_orders_nothing) {
  simulation run{90 * day};
  run.run_for(30 * day);
  ASSERT_EQ(run.orders, 1U);
  run.now = start - 365 * day;
  run.run_for(30 * day);
  EXPECT_EQ(run.orders, 1U);
}

TEST(renewal_simulation_of, a_clock_set_forward_orders_once) {
  simulation run{90 * day};
  run.run_for(30 * day);
  run.now += 365 * day;
  run.lapses = 0;
  if (next_attempt(run.inputs, run.now) <= run.now) run.attempt();
  EXPECT_EQ(run.orders, 2U);
  EXPECT_GT(next_attempt(run.inputs, run.now), run.now + 50 * day);
}

}  // namespace
}  // namespace cardea::autocert
