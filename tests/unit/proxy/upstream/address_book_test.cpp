// Goal: names are asked again in time, and a name server that is down takes nothing with it (L13).
#include "proxy/upstream/address_book.hpp"

#include <gtest/gtest.h>

namespace cardea::proxy::upstream {
namespace {

using namespace std::chrono_literals;

const address_book::name app{"app.lan", 80};

address_book::addresses at(std::initializer_list<const char*> hosts) {
  address_book::addresses out;
  for (const char* each : hosts) out.push_back(base::address::from_parts(each, 80).value());
  return out;
}

class address_book_test : public ::testing::Test {
 protected:
  address_book book_{30s, 1h};
  const address_book::moment start_ = address_book::moment(1000s);
};

TEST_F(address_book_test, an_answer_is_used_for_the_ttl) {
  EXPECT_TRUE(book_.due(app, start_));
  book_.learn(app, at({"10.0.0.1"}), start_);
  EXPECT_FALSE(book_.due(app, start_ + 29s));
  EXPECT_TRUE(book_.due(app, start_ + 30s));
  EXPECT_EQ(book_.next_due(start_), start_ + 30s);
}

TEST_F(address_book_test, l13_a_name_that_fails_keeps_its_addresses_and_is_asked_again_soon) {
  book_.learn(app, at({"10.0.0.1"}), start_);
  book_.fail(app, start_ + 30s);
  EXPECT_EQ(book_.find(app), at({"10.0.0.1"}));
  EXPECT_TRUE(book_.stale(app));
  EXPECT_FALSE(book_.due(app, start_ + 30s));
  EXPECT_TRUE(book_.due(app, start_ + 31s));
  book_.learn(app, at({"10.0.0.2"}), start_ + 31s);
  EXPECT_FALSE(book_.stale(app));
  EXPECT_EQ(book_.find(app), at({"10.0.0.2"}));
}

TEST_F(address_book_test, l13_old_addresses_are_not_kept_for_ever) {
  book_.learn(app, at({"10.0.0.1"}), start_);
  book_.fail(app, start_ + 59min);
  EXPECT_FALSE(book_.find(app).empty());
  book_.fail(app, start_ + 60min);
  EXPECT_TRUE(book_.find(app).empty());
  EXPECT_FALSE(book_.stale(app));
}

TEST_F(address_book_test, l13_the_pause_between_questions_doubles_up_to_the_ttl) {
  auto now = start_;
  for (const auto pause : {1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
    book_.fail(app, now);
    EXPECT_FALSE(book_.due(app, now + pause - 1ms));
    now += pause;
    EXPECT_TRUE(book_.due(app, now));
  }
  for (int i = 0; i < 100; ++i) book_.fail(app, now);
  EXPECT_TRUE(book_.due(app, now + 30s));
}

TEST_F(address_book_test, families_take_turns_and_an_order_that_rotates_changes_nothing) {
  book_.learn(app, at({"2001:db8::1", "10.0.0.2", "10.0.0.1", "2001:db8::1", "10.0.0.3"}), start_);
  const auto first = book_.find(app);
  EXPECT_EQ(first, at({"10.0.0.1", "2001:db8::1", "10.0.0.2", "10.0.0.3"}));
  book_.learn(app, at({"10.0.0.3", "10.0.0.1", "2001:db8::1", "10.0.0.2"}), start_);
  EXPECT_EQ(book_.find(app), first);
}

TEST_F(address_book_test, an_empty_answer_is_a_failure) {
  book_.learn(app, at({"10.0.0.1"}), start_);
  book_.learn(app, {}, start_ + 30s);
  EXPECT_EQ(book_.find(app), at({"10.0.0.1"}));
}

TEST_F(address_book_test, names_that_no_route_has_any_more_are_forgotten) {
  book_.learn(app, at({"10.0.0.1"}), start_);
  book_.learn({"other", 80}, at({"10.0.0.2"}), start_);
  book_.retain({app});
  EXPECT_FALSE(book_.find(app).empty());
  EXPECT_TRUE(book_.find({"other", 80}).empty());
}

}  // namespace
}  // namespace cardea::proxy::upstream
