#include "proxy/upstream/retry_budget.hpp"

#include <gtest/gtest.h>

namespace cardea::proxy::upstream {
namespace {

TEST(retry_budget, u11_retries_are_a_fifth_of_the_requests_at_most) {
  retry_budget of(20);
  std::size_t retries = 0;
  for (int i = 0; i < 10'000; ++i) {
    of.earn();
    if (of.spend()) ++retries;
  }
  EXPECT_LE(retries, 2'000 + retry_budget::reserve);
  EXPECT_GE(retries, 2'000U);
}

TEST(retry_budget, a_quiet_group_may_retry_too) {
  retry_budget of(20);
  of.earn();
  EXPECT_TRUE(of.spend());
}

TEST(retry_budget, what_is_saved_up_has_a_maximum) {
  retry_budget of(20);
  for (int i = 0; i < 1'000'000; ++i) of.earn();
  std::size_t retries = 0;
  while (of.spend()) ++retries;
  EXPECT_EQ(retries, retry_budget::saved_max);
}

TEST(retry_budget, of_nothing_allows_nothing) {
  retry_budget of(0);
  of.earn();
  EXPECT_FALSE(of.spend());
}

}  // namespace
}  // namespace cardea::proxy::upstream
