#include "proxy/net/waiting_line.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace cardea::proxy::net {
namespace {

struct waiting : testing::Test {
  event_loop loop;
  waiter who{loop};
  waiting_line line;
};

TEST_F(waiting, line_sends_away_who_waited_longest) {
  waiting_line::place first(line, who);
  waiting_line::place second(line, who);
  EXPECT_TRUE(line.dismiss_first());
  EXPECT_TRUE(first.dismissed());
  EXPECT_FALSE(second.dismissed());
  EXPECT_EQ(line.size(), 1U);
  waiting_line::place third(line, who);
  EXPECT_TRUE(line.dismiss_first());
  EXPECT_TRUE(second.dismissed());
  EXPECT_FALSE(third.dismissed());
}

TEST_F(waiting, line_forgets_who_leaves_by_himself_wherever_he_stood) {
  auto first = std::make_unique<waiting_line::place>(line, who);
  auto middle = std::make_unique<waiting_line::place>(line, who);
  auto last = std::make_unique<waiting_line::place>(line, who);
  middle.reset();
  EXPECT_EQ(line.size(), 2U);
  last.reset();
  waiting_line::place behind(line, who);
  first.reset();
  EXPECT_TRUE(line.dismiss_first());
  EXPECT_TRUE(behind.dismissed());
  EXPECT_FALSE(line.dismiss_first());
  EXPECT_EQ(line.size(), 0U);
}

TEST_F(waiting, line_of_nobody_has_nobody_to_send_away) {
  EXPECT_FALSE(line.dismiss_first());
  { const waiting_line::place only(line, who); }
  EXPECT_FALSE(line.dismiss_first());
  const waiting_line::place next(line, who);
  EXPECT_EQ(line.size(), 1U);
}

}  // namespace
}  // namespace cardea::proxy::net
