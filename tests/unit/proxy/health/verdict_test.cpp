// Goal: one lost check is no outage, and a backend that works again is used again.
#include "proxy/health/verdict.hpp"

#include <gtest/gtest.h>

namespace cardea::proxy::health {
namespace {

using namespace std::chrono_literals;

class verdict_test : public ::testing::Test {
 protected:
  bool good(std::chrono::nanoseconds latency = 1ms) { return of_.note({true, {}}, latency, now_ += 1s); }
  bool bad(const std::string& why = "status 503") { return of_.note({false, why}, 1ms, now_ += 1s); }

  verdict of_{3};
  verdict::moment now_{};
};

TEST_F(verdict_test, begins_unknown_and_follows_the_first_check) {
  EXPECT_EQ(of_.status(), health_status::unknown);
  EXPECT_TRUE(good());
  EXPECT_EQ(of_.status(), health_status::healthy);
}

TEST_F(verdict_test, one_that_was_never_seen_to_serve_is_down_at_its_first_failure) {
  EXPECT_TRUE(bad());
  EXPECT_EQ(of_.status(), health_status::unhealthy);
}

TEST_F(verdict_test, u10_is_down_after_so_many_failures_in_a_row) {
  good();
  EXPECT_FALSE(bad());
  EXPECT_FALSE(bad());
  EXPECT_FALSE(good());
  EXPECT_FALSE(bad());
  EXPECT_FALSE(bad());
  EXPECT_EQ(of_.status(), health_status::healthy);
  EXPECT_TRUE(bad());
  EXPECT_EQ(of_.status(), health_status::unhealthy);
  EXPECT_FALSE(bad()) << "that is known";
}

TEST_F(verdict_test, one_success_is_enough_to_be_up_again) {
  bad();
  EXPECT_TRUE(good());
  EXPECT_EQ(of_.status(), health_status::healthy);
}

TEST_F(verdict_test, shows_since_when_how_fast_and_why_not) {
  good(7ms);
  auto view = of_.view("b:80", now_ + 5s);
  EXPECT_EQ(view.name, "b:80");
  EXPECT_EQ(view.uptime, 5s);
  EXPECT_EQ(view.latency, 7ms);
  EXPECT_EQ(view.detail, "");
  for (int i = 0; i < 3; ++i) bad("connect: refused");
  view = of_.view("b:80", now_ + 5s);
  EXPECT_EQ(view.uptime, 0s);
  EXPECT_EQ(view.latency, 7ms);
  EXPECT_EQ(view.detail, "connect: refused");
}

}  // namespace
}  // namespace cardea::proxy::health
