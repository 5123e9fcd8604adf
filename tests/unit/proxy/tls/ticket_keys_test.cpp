#include "proxy/tls/ticket_keys.hpp"

#include <gtest/gtest.h>

namespace cardea::proxy::tls {
namespace {

using namespace std::chrono_literals;

TEST(ticket_keys, v08_the_current_key_and_two_before_it_are_known) {
  const auto first = std::make_shared<const ticket_keys>();
  const auto name = first->current().name;
  const auto second = ticket_keys::after(*first);
  const auto third = ticket_keys::after(*second);
  const auto fourth = ticket_keys::after(*third);
  for (const auto& each : {second, third}) {
    ASSERT_NE(each->find(name), nullptr);
    EXPECT_EQ(each->find(name), &first->current()) << "the same secret, not a copy";
    EXPECT_NE(each->current().name, name);
  }
  EXPECT_EQ(fourth->find(name), nullptr);
  EXPECT_NE(fourth->find(second->current().name), nullptr);
  EXPECT_EQ(first->find(second->current().name), nullptr);
}

TEST(ticket_keys, v08_no_two_keys_share_a_byte_string) {
  const ticket_key one;
  const ticket_key other;
  EXPECT_NE(one.name, other.name);
  EXPECT_NE(one.cipher, other.cipher);
  EXPECT_NE(one.mac, other.mac);
  EXPECT_NE(one.cipher, one.mac);
}

TEST(ticket_keys, b87_another_process_opens_what_this_one_sealed) {
  const auto first = std::make_shared<const ticket_keys>();
  const auto second = ticket_keys::after(*first);
  const auto there = ticket_keys::of(second->bytes());
  ASSERT_NE(there, nullptr);
  for (const ticket_key* each : {&first->current(), &second->current()}) {
    const ticket_key* const same = there->find(each->name);
    ASSERT_NE(same, nullptr);
    EXPECT_EQ(same->cipher, each->cipher);
    EXPECT_EQ(same->mac, each->mac);
  }
  EXPECT_EQ(there->current().name, second->current().name);
  EXPECT_EQ(there->bytes(), second->bytes());
}

TEST(ticket_keys, b87_other_bytes_are_no_keys) {
  const std::string good = ticket_keys().bytes();
  for (const std::string& bad : {std::string(), good.substr(1), good + "x", good + good + good + good})
    EXPECT_EQ(ticket_keys::of(bad), nullptr) << bad.size();
}

TEST(ticket_rotation, v08_is_due_once_in_each_period) {
  const ticket_rotation::time_point begin{1000h};
  ticket_rotation rotation(begin);
  EXPECT_EQ(rotation.due(begin, 12h), 0U);
  EXPECT_EQ(rotation.due(begin + 12h - 1s, 12h), 0U);
  EXPECT_EQ(rotation.due(begin + 12h, 12h), 1U);
  EXPECT_EQ(rotation.due(begin + 12h, 12h), 0U) << "noted as done";
  EXPECT_EQ(rotation.due(begin + 24h + 1min, 12h), 1U);
  EXPECT_EQ(rotation.due(begin + 36h, 12h), 1U) << "being late once does not make it late for ever";
}

TEST(ticket_rotation, v08_a_clock_that_stood_still_leaves_no_old_key) {
  const ticket_rotation::time_point begin{1000h};
  ticket_rotation rotation(begin);
  EXPECT_EQ(rotation.due(begin + 25h, 12h), 2U);
  EXPECT_EQ(rotation.due(begin + 1000h, 12h), 3U);
  EXPECT_EQ(rotation.due(begin + 1000h, 12h), 0U);
  EXPECT_EQ(rotation.due(begin + 1012h, 12h), 1U);
  EXPECT_EQ(rotation.due(begin + 1012h, 1h), 0U) << "another period counts from the last rotation";
  EXPECT_EQ(rotation.due(begin + 1013h, 1h), 1U);
}

}  // namespace
}  // namespace cardea::proxy::tls
