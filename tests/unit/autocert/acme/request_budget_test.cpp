// Goal: what a CA allows is never used up by us, however many certificates ask at once.
#include "autocert/acme/request_budget.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace cardea::autocert::acme {
namespace {

using namespace std::chrono_literals;
using kind = request_budget::kind;

const base::wall_time start = std::chrono::system_clock::from_time_t(1'800'000'000);

// When requests that all come at once are sent.
std::vector<base::wall_time> sent(request_budget& budget, kind what, std::size_t count) {
  std::vector<base::wall_time> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(start + budget.take(what, start));
  return out;
}

std::size_t most_within(const std::vector<base::wall_time>& times, std::chrono::milliseconds window) {
  std::size_t most = 0;
  for (std::size_t first = 0, last = 0; last < times.size(); ++last) {
    while (times[last] - times[first] >= window) ++first;
    most = std::max(most, last - first + 1);
  }
  return most;
}

TEST(request_budget, b25_a_thousand_orders_at_once_stay_below_what_lets_encrypt_allows) {
  request_budget budget(request_budget::of_public_ca());
  auto times = sent(budget, kind::new_order, 1000);
  std::sort(times.begin(), times.end());
  EXPECT_LE(most_within(times, 3h), 299U);
  EXPECT_LE(most_within(times, 1s), 20U * 5 / 4);
  EXPECT_EQ(times.front(), start);
  EXPECT_LE(times[149] - start, 11s) << "what is allowed at once is not held back";
}

TEST(request_budget, b25_nonces_accounts_and_all_others_have_their_limits) {
  const struct {
    kind what;
    std::size_t allowed;
  } rows[] = {{kind::new_nonce, 30}, {kind::new_account, 5}, {kind::other, 200}};
  for (const auto& row : rows) {
    request_budget budget(request_budget::of_public_ca());
    const auto times = sent(budget, row.what, 500);
    EXPECT_LE(most_within(times, 1s), row.allowed);
    // After the first second the steady rate holds.
    const std::vector<base::wall_time> later(
        std::find_if(times.begin(), times.end(), [](auto each) { return each > start + 1s; }), times.end());
    EXPECT_LE(most_within(later, 1s), row.what == kind::new_nonce     ? 15U
                                      : row.what == kind::new_account ? 3U
                                                                      : 100U);
  }
}

TEST(request_budget, one_without_limits_never_waits) {
  request_budget budget({});
  for (const auto at : sent(budget, kind::new_order, 10'000)) ASSERT_EQ(at, start);
  for (int i = 0; i < 100; ++i) budget.note_failed_validation("a.test", start);
  EXPECT_FALSE(budget.validation_allowed({"a.test"}, start));
}

TEST(request_budget, b12_a_clock_that_is_set_back_stops_nothing) {
  request_budget budget(request_budget::of_public_ca());
  const auto in_a_year = start + 365 * 24h;
  for (int i = 0; i < 200; ++i) (void)budget.take(kind::new_order, in_a_year);
  EXPECT_EQ(budget.take(kind::new_order, start), 0ms);
  budget.note_failed_validation("a.test", in_a_year);
  for (int i = 0; i < 3; ++i) budget.note_failed_validation("a.test", in_a_year);
  EXPECT_FALSE(budget.validation_allowed({"a.test"}, start));
}

TEST(request_budget, b25_a_name_that_failed_four_times_waits_for_the_end_of_the_hour) {
  request_budget budget(request_budget::of_public_ca());
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(budget.validation_allowed({"a.test"}, start + i * 10min));
    budget.note_failed_validation(i % 2 == 0 ? "a.test" : "*.a.test", start + i * 10min);
  }
  EXPECT_EQ(budget.validation_allowed({"b.test", "*.a.test"}, start + 31min), start + 1h);
  EXPECT_FALSE(budget.validation_allowed({"b.test"}, start + 31min)) << "others go on";
  EXPECT_FALSE(budget.validation_allowed({"a.test"}, start + 1h)) << "the first one counts no more";
  budget.note_failed_validation("a.test", start + 1h);
  EXPECT_EQ(budget.validation_allowed({"a.test"}, start + 1h), start + 1h + 10min);
}

}  // namespace
}  // namespace cardea::autocert::acme
