// Goal: messages with descriptors come whole or not at all, and nobody waits for ever.
#include "proxy/net/descriptor_channel.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>

namespace cardea::proxy::net {
namespace {

using namespace std::chrono_literals;

struct ends {
  ends() {
    auto made = descriptor_channel::pair();
    near = std::move(made->first);
    far = descriptor_channel(std::move(made->second));
  }
  descriptor_channel near;
  descriptor_channel far;
};

std::ptrdiff_t open_descriptors() {
  using each = std::filesystem::directory_iterator;
  return std::distance(each("/proc/self/fd"), each());
}

TEST(descriptor_channel, carries_text_and_descriptors_in_order) {
  ends both;
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  ASSERT_TRUE(both.near.send('a', "text", {pipe[1]}));
  ASSERT_TRUE(both.near.send('b', ""));
  ::close(pipe[1]);
  auto first = both.far.await(1s);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->kind, 'a');
  EXPECT_EQ(first->text, "text");
  ASSERT_EQ(first->descriptors.size(), 1U);
  ASSERT_EQ(::write(first->descriptors[0].get(), "x", 1), 1);
  char got = 0;
  ASSERT_EQ(::read(pipe[0], &got, 1), 1);
  EXPECT_EQ(got, 'x');
  ::close(pipe[0]);
  EXPECT_EQ(both.far.await(1s)->kind, 'b');
  const auto none = both.far.receive();
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
}

TEST(descriptor_channel, as_many_descriptors_as_allowed_and_not_one_more) {
  ends both;
  const std::vector<int> most(descriptor_channel::descriptors_max, both.near.get());
  ASSERT_TRUE(both.near.send('m', {}, most));
  EXPECT_EQ(both.far.await(1s)->descriptors.size(), descriptor_channel::descriptors_max);
  const std::vector<int> more(descriptor_channel::descriptors_max + 1, both.near.get());
  EXPECT_EQ(both.near.send('m', {}, more).error(), base::make_error_code(base::errc::limit_exceeded));
}

TEST(descriptor_channel, as_long_a_text_as_allowed_and_not_one_byte_more) {
  ends both;
  const std::string most(descriptor_channel::message_bytes_max, 't');
  ASSERT_TRUE(both.near.send('m', most));
  EXPECT_EQ(both.far.await(1s)->text, most);
  EXPECT_EQ(both.near.send('m', most + 't').error(), base::make_error_code(base::errc::limit_exceeded));
}

TEST(descriptor_channel, what_nobody_took_is_closed_with_it) {
  const auto before = open_descriptors();
  {
    ends both;
    const std::vector<int> some(50, both.near.get());
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(both.near.send('m', {}, some));
    ASSERT_TRUE(both.far.await(1s));
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(descriptor_channel, an_end_that_is_gone_is_an_error_on_both_sides) {
  ends both;
  ASSERT_TRUE(both.near.send('l', "last"));
  both.near.close();
  EXPECT_EQ(both.far.await(1s)->text, "last") << "what was sent before is there";
  EXPECT_EQ(both.far.receive().error(), base::make_error_code(base::errc::closed));
  EXPECT_EQ(both.far.send('m', {}).error(), base::make_error_code(base::errc::closed));
}

TEST(descriptor_channel, nobody_waits_for_longer_than_he_says) {
  ends both;
  EXPECT_EQ(both.far.await(60ms).error(), base::make_error_code(base::errc::timed_out));
  const std::string piece(descriptor_channel::message_bytes_max, 'p');
  base::result<void> sent;
  for (int i = 0; sent && i < 1'000; ++i) sent = both.near.send('m', piece, {}, 60ms);
  EXPECT_EQ(sent.error(), base::make_error_code(base::errc::timed_out));
}

TEST(descriptor_channel, knows_its_like) {
  ends both;
  EXPECT_TRUE(descriptor_channel::is_channel(both.far.get()));
  EXPECT_FALSE(descriptor_channel::is_channel(-1));
  const file_descriptor other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_FALSE(descriptor_channel::is_channel(other.get()));
}

}  // namespace
}  // namespace cardea::proxy::net
