#include "proxy/overload.hpp"

#include <gtest/gtest.h>

namespace cardea::proxy {
namespace {

constexpr overload_limits limits{.connections_max = 10, .buffer_bytes_max = 8'000};

TEST(overload, l09_comes_in_steps) {
  const auto steps = [](std::size_t bytes) {
    const load now{.buffer_bytes = bytes};
    return int{limits.refuses_requests(now)} + int{limits.is_full(now)};
  };
  EXPECT_EQ(steps(0), 0);
  EXPECT_EQ(steps(5'999), 0);
  EXPECT_EQ(steps(6'000), 1);
  EXPECT_EQ(steps(6'999), 1);
  EXPECT_EQ(steps(7'000), 2);
  EXPECT_EQ(steps(80'000), 2);
}

TEST(overload, l07_l08_a_house_without_places_or_descriptors_is_full) {
  EXPECT_FALSE(limits.is_full({.connections = 9}));
  EXPECT_TRUE(limits.is_full({.connections = 10}));
  EXPECT_TRUE(limits.is_full({.descriptors_scarce = true}));
  EXPECT_FALSE(limits.refuses_requests({.connections = 10, .descriptors_scarce = true}))
      << "who is inside is served";
}

}  // namespace
}  // namespace cardea::proxy
