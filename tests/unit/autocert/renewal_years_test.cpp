// Goal: ten years of renewals for each lifetime that there is or will be: as
// many orders as there have to be, and no lapse, while a good part of them
// fails. Method: the pure decisions against a seeded world that fails at random.
#include "autocert/renewal.hpp"
#include "autocert/retry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace cardea::autocert {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

constexpr seconds day = 24h;
constexpr seconds years = 3652 * day;
const base::wall_time start = std::chrono::system_clock::from_time_t(1'800'000'000);
const std::vector<std::string> cas{"https://ca.test/"};

struct trouble {
  double share = 0;        ///< of orders that fail by themselves
  double outage = 0;       ///< how often a CA is away when a renewal begins
  double longest = 0;      ///< such a time, as a part of what is left of the lifetime when renewals begin
  double retry_after = 0;  ///< how often a failure comes with a time to wait, up to a tenth of the same
};

struct history {
  std::size_t issued = 0;
  std::size_t failed = 0;
  std::size_t lapses = 0;
  seconds least_left = seconds::max();  ///< when a renewal succeeded
  std::size_t failed_in_an_hour = 0;    ///< most
};

history live_through(seconds lives, const trouble& with, std::uint64_t seed, seconds span = years) {
  std::mt19937_64 random(seed);
  const auto chance = [&](double of) { return std::uniform_real_distribution<>(0, 1)(random) < of; };
  const auto up_to = [&](double of, seconds whole) {
    return seconds(static_cast<std::int64_t>(std::uniform_real_distribution<>(0, of)(random) *
                                             static_cast<double>(whole.count())));
  };
  history out;
  failure_record record;
  renewal_inputs inputs;
  inputs.name = "certs/cert.crt";
  base::wall_time now = start;
  base::wall_time away_until = start;
  std::vector<base::wall_time> failures;
  while (now < start + span) {
    inputs.failures_in_row = record.in_row;
    inputs.not_before = choose_issuer(record, cas, 2, now).not_before;
    const base::wall_time at = next_attempt(inputs, now);
    if (at > now) {  // as the program: never asleep for longer than ten minutes
      now = std::min(at, now + pause_until(at, now));
      continue;
    }
    const base::wall_time began = now;
    ++record.in_row;
    now += std::min<seconds>(lives / 200, 30s);
    if (record.in_row == 1 && chance(with.outage))
      away_until = began + up_to(with.longest, renewal_lead(lives));
    if (began < away_until || chance(with.share)) {
      ++out.failed;
      setback why;
      if (chance(with.retry_after)) why.retry_after = up_to(0.1, renewal_lead(lives));
      note_setback(record, cas[0], why, now, lives);
      inputs.last_failure = began;
      failures.push_back(began);
      const auto within = std::count_if(failures.begin(), failures.end(),
                                        [&](auto each) { return each > began - seconds(3600); });
      out.failed_in_an_hour = std::max(out.failed_in_an_hour, static_cast<std::size_t>(within));
      if (failures.size() > 500) failures.erase(failures.begin(), failures.begin() + 250);
      continue;
    }
    if (inputs.dates) {
      const auto left = std::chrono::floor<seconds>(inputs.dates->not_after - now);
      out.least_left = std::min(out.least_left, left);
      if (left < 0s) ++out.lapses;
    }
    ++out.issued;
    inputs.dates = validity{now, now + lives - 1s};
    inputs.obtained_at = now;
    inputs.last_failure.reset();
    record = {};
  }
  return out;
}

const seconds lifetimes[] = {90 * day, 64 * day, 47 * day, 45 * day, 160h, 24h, 1h};

double expected(seconds lives) {
  // Renewed when `lead` is left, up to 2 % of the lifetime earlier.
  const seconds between = lives - renewal_lead(lives) - lives / 100;
  return static_cast<double>(years.count()) / static_cast<double>(between.count());
}

TEST(ten_years, b07_without_trouble_have_as_many_orders_as_the_lifetimes_want) {
  for (const seconds lives : lifetimes) {
    const history got = live_through(lives, {}, 1);
    EXPECT_NEAR(static_cast<double>(got.issued), expected(lives), 0.02 * expected(lives) + 2)
        << lives.count();
    EXPECT_EQ(got.failed, 0U);
    EXPECT_EQ(got.lapses, 0U) << lives.count();
    EXPECT_GE(got.least_left, renewal_lead(lives) * 9 / 10) << lives.count();
  }
}

TEST(ten_years, b08_with_orders_that_fail_at_random_have_no_lapse_and_no_loop) {
  for (const seconds lives : lifetimes) {
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
      const history got = live_through(lives, {.share = 0.4, .retry_after = 0.3}, seed);
      EXPECT_EQ(got.lapses, 0U) << lives.count() << " seed " << seed;
      EXPECT_LE(static_cast<double>(got.issued), expected(lives) * 1.02 + 2) << lives.count();
      EXPECT_GE(static_cast<double>(got.issued), expected(lives) * 0.85 - 2) << lives.count();
      // Of all attempts 40 % fail: two failures for each three successes.
      EXPECT_LE(static_cast<double>(got.failed), 0.8 * static_cast<double>(got.issued) + 20) << lives.count();
    }
  }
}

TEST(ten_years, b08_with_a_ca_that_is_away_for_most_of_the_time_that_is_left_have_no_lapse) {
  for (const seconds lives : lifetimes) {
    const history got = live_through(lives, {.share = 0.1, .outage = 0.3, .longest = 0.6}, 7);
    EXPECT_EQ(got.lapses, 0U) << lives.count();
    EXPECT_GT(got.failed, 20U) << lives.count() << ": there was trouble";
  }
}

TEST(ten_years, b25_have_no_hour_with_more_than_four_failures_for_what_a_public_ca_issues) {
  for (const seconds lives : {90 * day, 64 * day, 47 * day, 45 * day, seconds(160h), seconds(24h)}) {
    const history got = live_through(lives, {.share = 0.9}, 11);
    EXPECT_LE(got.failed_in_an_hour, 4U) << lives.count();
    EXPECT_GT(got.failed, got.issued) << "a world in which nine of ten fail";
  }
}

TEST(ten_days, b07_of_a_certificate_of_24_hours_have_twenty_orders) {
  const history got = live_through(24h, {}, 1, 10 * day);
  EXPECT_GE(got.issued, 20U);
  EXPECT_LE(got.issued, 21U);
}

}  // namespace
}  // namespace cardea::autocert
