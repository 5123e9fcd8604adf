#include "proxy/http/authority.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cardea::proxy::http {
namespace {

TEST(authority, is_split_into_host_and_port) {
  const auto named = parse_authority("a.Test:8080");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->host, "a.Test");
  EXPECT_EQ(named->port, 8080);
  const auto address = parse_authority("[2001:DB8::1]:443");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "[2001:DB8::1]");
  EXPECT_EQ(address->port, 443);
  EXPECT_EQ(parse_authority("a")->port, 0);
}

TEST(authority, is_limited_in_length) {
  EXPECT_TRUE(parse_authority(std::string(255, 'a')));
  EXPECT_FALSE(parse_authority(std::string(256, 'a')));
  EXPECT_FALSE(parse_authority("[" + std::string(300, ':') + "]"));
  EXPECT_FALSE(parse_authority(std::string("[::1\0]", 6)));
}

TEST(authority, is_judged_alike_on_the_quick_path) {
  std::vector<std::string> texts{"",    ".",    "a.",  ".a", "a..b", "a_b",    "a~",
                                 "a,b", "a:80", "a:0", "a:", "a:x",  "[::1]:1"};
  for (const std::size_t size : {14U, 15U, 16U, 17U, 40U})
    for (const char* end : {"", "b", ".", "..", ":1", ":", "_", "@", ":65536"})
      texts.push_back(std::string(size, 'a') + end);
  for (const std::string& text : texts) {
    const std::string followed = text + "\r\nX: abcdefghijklmnopqrstuvwxyz";
    const std::string_view view = std::string_view(followed).substr(0, text.size());
    EXPECT_EQ(is_authority(view, followed.size()), parse_authority(text).has_value()) << text;
    EXPECT_EQ(is_authority(text, text.size()), parse_authority(text).has_value()) << text;
  }
}

TEST(authority, is_the_same_without_case_and_with_the_default_port) {
  const auto same = [](std::string_view left, std::string_view right) {
    return same_authority(*parse_authority(left), *parse_authority(right), 443);
  };
  EXPECT_TRUE(same("A.b", "a.B:443"));
  EXPECT_TRUE(same("a:1", "a:1"));
  EXPECT_FALSE(same("a", "a:80"));
  EXPECT_FALSE(same("a", "b"));
  EXPECT_FALSE(same("a", "a."));
}

}  // namespace
}  // namespace cardea::proxy::http
