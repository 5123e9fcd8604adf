#include "proxy/health/target.hpp"

#include <gtest/gtest.h>

namespace cardea::proxy::health {
namespace {

TEST(target, a_backend_that_need_not_understand_http1_is_checked_by_a_connection) {
  config::route_section route;
  route.alias = "app";
  route.backends.resize(2);
  route.backends[1].http2 = true;
  const auto targets = targets_of({route});
  ASSERT_EQ(targets.size(), 2U);
  EXPECT_EQ(targets[0].plan.type, config::check_kind::http);
  EXPECT_EQ(targets[1].plan.type, config::check_kind::tcp);
}

}  // namespace
}  // namespace cardea::proxy::health
