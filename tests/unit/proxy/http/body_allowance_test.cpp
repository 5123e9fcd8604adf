#include "proxy/http/body_allowance.hpp"

#include <gtest/gtest.h>

namespace cardea::proxy::http {
namespace {

TEST(body_allowance, l06_ends_exactly_at_its_maximum) {
  body_allowance allowance({.bytes_max = 10}, 0);
  EXPECT_TRUE(allowance.admits(10));
  EXPECT_FALSE(allowance.admits(11));
  allowance.take(7);
  allowance.forgive(0);
  EXPECT_TRUE(allowance.admits(3)) << "what was taken stays taken";
  EXPECT_FALSE(allowance.admits(4));
  EXPECT_TRUE(body_allowance({}, 0).admits(static_cast<std::size_t>(-1)));
}

TEST(body_allowance, l02_owes_nothing_until_the_grace_is_over_and_its_rate_from_then_on) {
  body_allowance allowance({.rate_min = 240, .grace = 10'000}, 5'000);
  EXPECT_EQ(allowance.deadline(), 15'000);
  allowance.take(240);
  EXPECT_EQ(allowance.deadline(), 16'000);
  allowance.take(2'400);
  EXPECT_EQ(allowance.deadline(), 26'000);
  allowance.forgive(100'000);
  EXPECT_EQ(allowance.deadline(), 110'000) << "the backend was what held it up";
}

TEST(body_allowance, l02_any_rate_will_do_when_none_is_asked_for) {
  EXPECT_EQ(body_allowance({.rate_min = 0}, 5).deadline(), base::no_deadline);
  body_allowance big({.rate_min = 1}, 0);
  big.take(static_cast<std::size_t>(-1) / 2);
  EXPECT_GT(big.deadline(), 0) << "no overflow";
}

}  // namespace
}  // namespace cardea::proxy::http
