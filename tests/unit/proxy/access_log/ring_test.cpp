#include "proxy/access_log/ring.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace cardea::proxy::access_log {
namespace {

bool put(ring& into, const std::string& text, targets to = {}) {
  char* const room = into.reserve(text.size());
  if (room == nullptr) return false;
  std::memcpy(room, text.data(), text.size());
  into.commit(text.size(), to);
  return true;
}

std::vector<std::string> take(ring& from) {
  std::vector<std::string> out;
  from.drain([&](targets, std::string_view line) { out.emplace_back(line); });
  return out;
}

TEST(ring, gives_lines_in_their_order_with_their_targets) {
  ring lines(1024);
  EXPECT_TRUE(lines.empty());
  EXPECT_TRUE(put(lines, "one", {3, targets::none}));
  EXPECT_TRUE(put(lines, "", {4, 5}));
  EXPECT_FALSE(lines.empty());
  std::vector<std::uint16_t> files;
  EXPECT_EQ(lines.drain([&](targets to, std::string_view) { files.push_back(to.file); }), 2U);
  EXPECT_EQ(files, (std::vector<std::uint16_t>{3, 4}));
  EXPECT_TRUE(lines.empty());
}

TEST(ring, l12_says_no_when_it_is_full_and_loses_nothing_that_it_took) {
  ring lines(256);
  std::vector<std::string> taken;
  for (int i = 0; i < 100; ++i)
    if (const std::string text = "line " + std::to_string(i); put(lines, text)) taken.push_back(text);
  EXPECT_LT(taken.size(), 100U);
  EXPECT_EQ(take(lines), taken);
  EXPECT_TRUE(put(lines, "there is room again"));
  EXPECT_EQ(take(lines), std::vector<std::string>{"there is room again"});
}

TEST(ring, keeps_lines_in_one_piece_where_it_wraps) {
  ring lines(256);
  for (std::size_t i = 0; i < 1'000; ++i) {
    const std::string text(i % 100, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(put(lines, text)) << i;
    ASSERT_EQ(take(lines), std::vector<std::string>{text}) << i;
  }
}

TEST(ring, what_is_reserved_and_not_committed_is_not_there) {
  ring lines(256);
  EXPECT_NE(lines.reserve(100), nullptr);
  EXPECT_TRUE(lines.empty());
  EXPECT_TRUE(put(lines, "other"));
  EXPECT_EQ(take(lines), std::vector<std::string>{"other"});
}

TEST(ring, passes_lines_from_one_thread_to_another) {
  constexpr std::size_t count = 20'000;
  ring lines(4'096);
  std::thread writer([&] {
    for (std::size_t i = 0; i < count; ++i)
      while (!put(lines, std::to_string(i))) std::this_thread::yield();
  });
  std::size_t next = 0;
  while (next < count)
    lines.drain([&](targets, std::string_view line) {
      ASSERT_EQ(line, std::to_string(next));
      ++next;
    });
  writer.join();
  EXPECT_TRUE(lines.empty());
}

}  // namespace
}  // namespace cardea::proxy::access_log
