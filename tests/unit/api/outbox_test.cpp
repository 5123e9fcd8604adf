#include "api/outbox.hpp"

#include <gtest/gtest.h>

namespace cardea::api {
namespace {

class outbox_of : public testing::Test {
 protected:
  base::asio::io_context context_{1};
  outbox box_{context_.get_executor(), 3, 10};
};

TEST_F(outbox_of, gives_messages_in_order_and_then_its_end) {
  box_.push("a");
  box_.push("b");
  box_.finish({close_code::normal, "done"});
  box_.push("after the end");
  box_.finish({close_code::going_away, "later"});
  EXPECT_EQ(box_.take(), "a");
  EXPECT_EQ(box_.take(), "b");
  EXPECT_EQ(box_.take(), std::nullopt);
  EXPECT_EQ(box_.end()->code, close_code::normal);
  EXPECT_EQ(box_.end()->text, "done");
}

TEST_F(outbox_of, drops_a_client_for_which_too_many_messages_wait) {
  int dropped = 0;
  box_.on_drop([&dropped] { ++dropped; });
  for (int i = 0; i < 3; ++i) box_.push("x");
  EXPECT_FALSE(box_.end());
  box_.push("x");
  ASSERT_TRUE(box_.end());
  EXPECT_EQ(box_.end()->code, close_code::try_again_later);
  EXPECT_EQ(box_.take(), std::nullopt) << "nothing more is sent to it";
  EXPECT_EQ(dropped, 1);
  box_.drop({close_code::going_away, ""});
  EXPECT_EQ(dropped, 1);
  EXPECT_EQ(box_.end()->code, close_code::try_again_later);
}

TEST_F(outbox_of, drops_a_client_for_which_too_many_bytes_wait) {
  box_.push(std::string(10, 'x'));
  EXPECT_FALSE(box_.end());
  EXPECT_EQ(box_.take()->size(), 10U);
  box_.push(std::string(9, 'x'));
  box_.push("xx");
  EXPECT_TRUE(box_.end());
}

TEST_F(outbox_of, counts_only_what_still_waits) {
  for (int i = 0; i < 100; ++i) {
    box_.push("12345");
    EXPECT_TRUE(box_.take());
  }
  EXPECT_FALSE(box_.end());
}

}  // namespace
}  // namespace cardea::api
