#include "proxy/upstream/waiting_line.hpp"

#include <gtest/gtest.h>

namespace cardea::proxy::upstream {
namespace {

class waiting_line_test : public ::testing::Test {
 protected:
  net::event_loop loop_;
  net::waiter waiter_{loop_};
  waiting_line line_;
};

TEST_F(waiting_line_test, calls_in_the_order_of_coming) {
  waiting_line::place first(waiter_);
  waiting_line::place second(waiter_);
  line_.join(first, false);
  line_.join(second, false);
  EXPECT_EQ(line_.size(), 2U);
  line_.call_next();
  EXPECT_TRUE(first.called());
  EXPECT_FALSE(second.called());
  line_.call_next();
  EXPECT_TRUE(second.called());
  line_.call_next();
}

TEST_F(waiting_line_test, is_busy_until_whoever_was_called_has_come) {
  waiting_line::place only(waiter_);
  line_.join(only, false);
  line_.call_next();
  EXPECT_EQ(line_.size(), 0U);
  EXPECT_TRUE(line_.busy()) << "who comes now must not overtake";
  line_.leave(only);
  EXPECT_FALSE(line_.busy());
}

TEST_F(waiting_line_test, who_was_called_in_vain_is_first_again) {
  waiting_line::place first(waiter_);
  waiting_line::place second(waiter_);
  line_.join(first, false);
  line_.join(second, false);
  line_.call_next();
  line_.leave(first);
  line_.join(first, true);
  line_.call_next();
  EXPECT_TRUE(first.called());
  EXPECT_FALSE(second.called());
  line_.leave(first);
  line_.leave(second);
}

TEST_F(waiting_line_test, anybody_may_leave_from_anywhere) {
  waiting_line::place places[] = {waiting_line::place(waiter_), waiting_line::place(waiter_),
                                  waiting_line::place(waiter_)};
  for (auto& each : places) line_.join(each, false);
  line_.leave(places[1]);
  line_.leave(places[0]);
  EXPECT_EQ(line_.size(), 1U);
  line_.call_next();
  EXPECT_TRUE(places[2].called());
  line_.leave(places[2]);
  EXPECT_FALSE(line_.busy());
}

}  // namespace
}  // namespace cardea::proxy::upstream
