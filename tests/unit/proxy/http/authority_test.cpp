#include "proxy/http/authority.hpp"

#include <gtest/gtest.h>

#include <string>

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
