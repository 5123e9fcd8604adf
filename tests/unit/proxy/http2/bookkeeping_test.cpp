// The small parts that keep account: windows, the flood budget, the order of sending, streams by number.
#include "proxy/http2/body_store.hpp"
#include "proxy/http2/flood_budget.hpp"
#include "proxy/http2/flow_window.hpp"
#include "proxy/http2/frame.hpp"
#include "proxy/http2/send_order.hpp"
#include "proxy/http2/stream_table.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace cardea::proxy::http2 {
namespace {

TEST(frame, a_header_comes_back_as_it_was_written) {
  std::array<char, frame_header_bytes> bytes;
  write_frame_header(bytes.data(), {16'384, frame_type::continuation, flag::end_headers, 0x7fff'ffff});
  const frame_header got = read_frame_header(bytes.data());
  EXPECT_EQ(got.length, 16'384U);
  EXPECT_EQ(got.type, frame_type::continuation);
  EXPECT_TRUE(got.has(flag::end_headers));
  EXPECT_EQ(got.stream, 0x7fff'ffffU);
  bytes[5] = '\xff';
  EXPECT_EQ(read_frame_header(bytes.data()).stream, 0x7fff'ffffU) << "the reserved bit means nothing";
}

TEST(frame, padding_and_priority_must_fit_the_payload) {
  const frame_header both{0, frame_type::headers, flag::padded | flag::priority, 1};
  const unpadded got = strip_padding(both, std::string_view("\x02\x80\x00\x00\x03\x10" "ab\0\0", 10));
  ASSERT_TRUE(got.fits);
  EXPECT_EQ(got.content, "ab");
  EXPECT_EQ(got.dependency, 3U);
  EXPECT_FALSE(strip_padding(both, std::string_view("\x05\x80\x00\x00\x03\x10" "ab\0\0", 10)).fits);
  EXPECT_FALSE(strip_padding(both, std::string_view("\x00\x80\x00\x00", 4)).fits);
  EXPECT_FALSE(strip_padding(both, "").fits);
}

TEST(flow_window, holds_what_the_protocol_allows) {
  flow_window window(100);
  EXPECT_TRUE(window.take(100));
  EXPECT_FALSE(window.take(1));
  EXPECT_TRUE(window.change(-50));
  EXPECT_EQ(window.available(), 0U) << "a smaller initial window may leave a debt";
  EXPECT_TRUE(window.change(60));
  EXPECT_EQ(window.available(), 10U);
  EXPECT_TRUE(window.change(flow_window::size_max - 10));
  EXPECT_FALSE(window.change(1));
}

TEST(flow_window, a_receiver_opens_it_in_steps_of_half) {
  receive_window window(1'000);
  EXPECT_TRUE(window.take(1'000));
  EXPECT_FALSE(window.take(1));
  EXPECT_EQ(window.give_back(499), 0U);
  EXPECT_EQ(window.give_back(1), 500U);
  EXPECT_TRUE(window.take(500));
  EXPECT_FALSE(window.take(1));
}

TEST(flood_budget, f10_warns_then_ends_and_fills_again) {
  flood_budget budget({100, 10}, 0);
  EXPECT_EQ(budget.spend(75, 0), flood_budget::verdict::fine);
  EXPECT_EQ(budget.spend(1, 0), flood_budget::verdict::warned);
  EXPECT_EQ(budget.spend(24, 0), flood_budget::verdict::exhausted);
  EXPECT_EQ(budget.spend(10, 3'000), flood_budget::verdict::warned);
  EXPECT_EQ(budget.left(), 20U);
  EXPECT_EQ(budget.spend(1, 1'000'000), flood_budget::verdict::fine);
  EXPECT_EQ(budget.left(), 99U) << "never more than its maximum";
}

TEST(flood_budget, a_slow_drip_is_no_offence) {
  flood_budget budget({100, 10}, 0);
  for (base::tick_ms now = 0; now < 100'000; now += 100)
    ASSERT_EQ(budget.spend(1, now), flood_budget::verdict::fine) << now;
}

send_place place(std::uint32_t stream, std::uint8_t urgency, bool incremental) {
  send_place out;
  out.stream = stream;
  out.order = {urgency, incremental};
  return out;
}

TEST(send_order, urgency_first_then_age_then_turns) {
  std::array<send_place, 5> all{place(9, 3, true), place(7, 3, false), place(5, 3, false), place(3, 7, false),
                                place(11, 0, true)};
  send_order order;
  for (send_place& each : all) order.add(each);
  std::string got;
  while (send_place* first = order.first()) {
    got += std::to_string(first->stream) + ' ';
    order.remove(*first);
  }
  EXPECT_EQ(got, "11 5 7 9 3 ");
  EXPECT_TRUE(order.empty());
}

TEST(send_order, who_has_had_a_turn_goes_to_the_end) {
  send_place one = place(1, 3, true);
  send_place other = place(3, 3, true);
  send_order order;
  order.add(one);
  order.add(other);
  order.remove(one);
  EXPECT_TRUE(order.shares(one));
  order.add(one);
  EXPECT_EQ(order.first(), &other);
  order.remove(other);
  order.remove(one);
  EXPECT_FALSE(order.shares(one));
}

TEST(send_order, nobody_overtakes_what_is_more_urgent_or_older) {
  send_place waiting = place(5, 3, false);
  send_order order;
  order.add(waiting);
  EXPECT_TRUE(order.comes_before(place(7, 3, false)));
  EXPECT_FALSE(order.comes_before(place(3, 3, false)));
  EXPECT_TRUE(order.comes_before(place(3, 4, false)));
  EXPECT_FALSE(order.comes_before(place(7, 2, false)));
  EXPECT_TRUE(order.comes_before(place(3, 3, true)));
}

TEST(priority, reads_what_rfc9218_says_and_ignores_the_rest) {
  EXPECT_EQ(parse_priority("u=0").urgency, 0);
  EXPECT_EQ(parse_priority("i, u=7").urgency, 7);
  EXPECT_TRUE(parse_priority("u=5,i").incremental);
  EXPECT_FALSE(parse_priority("i=?0").incremental);
  for (const char* odd : {"", "u=8", "u=-1", "u", "foo=1", "u=3;x", ",,,"}) {
    EXPECT_EQ(parse_priority(odd).urgency, 3) << odd;
    EXPECT_FALSE(parse_priority(odd).incremental) << odd;
  }
}

struct numbered {
  std::uint32_t id = 0;
  numbered* next_in_table = nullptr;
};

TEST(stream_table, finds_what_was_added_and_not_what_was_removed) {
  std::array<numbered, 300> all;
  stream_table<numbered> table;
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].id = static_cast<std::uint32_t>(2 * i + 1);
    table.add(all[i]);
  }
  for (numbered& each : all) EXPECT_EQ(table.find(each.id), &each);
  for (std::size_t i = 0; i < all.size(); i += 2) table.remove(all[i]);
  std::size_t left = 0;
  table.for_each([&](numbered&) { ++left; });
  EXPECT_EQ(left, 150U);
  EXPECT_EQ(table.find(1), nullptr);
  EXPECT_EQ(table.find(3), &all[1]);
  EXPECT_EQ(table.find(1'001), nullptr);
}

TEST(closed_streams, remembers_who_ended_them_for_a_while) {
  closed_streams closed;
  closed.add(1, true);
  closed.add(5, false);
  EXPECT_EQ(closed.find(1), closed_streams::kind::cut);
  EXPECT_EQ(closed.find(3), closed_streams::kind::never_opened);
  EXPECT_EQ(closed.find(5), closed_streams::kind::ended);
  for (std::uint32_t id = 7; id < 7 + 2 * 128; id += 2) closed.add(id, false);
  EXPECT_EQ(closed.find(1), closed_streams::kind::forgotten) << "what cannot be told is not held against the client";
  EXPECT_EQ(closed.find(3), closed_streams::kind::forgotten);
  EXPECT_EQ(closed.find(261), closed_streams::kind::ended);
}

TEST(body_store, small_and_large_bodies_come_back_whole) {
  net::buffer_pool buffers;
  body_store store(buffers);
  std::string expected;
  for (int round = 0; round < 200; ++round) {
    const std::string piece(static_cast<std::size_t>(round % 7) * 300, static_cast<char>('a' + round % 26));
    if (expected.size() + piece.size() > body_store::capacity) break;
    store.append(piece);
    expected += piece;
    if (round % 3 == 0) {
      const std::size_t part = expected.size() / 2;
      store.consume(part);
      expected.erase(0, part);
    }
    ASSERT_EQ(store.unread(), expected) << round;
  }
  store.consume(expected.size());
  EXPECT_TRUE(store.empty());
  store.append(std::string(body_store::capacity, 'x'));
  EXPECT_EQ(store.unread().size(), body_store::capacity);
}

}  // namespace
}  // namespace cardea::proxy::http2
