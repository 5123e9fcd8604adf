#include "proxy/http/cookie.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cardea::proxy::http {
namespace {

std::string found(const std::vector<std::string>& lines, std::string_view name) {
  std::string buffer;
  header_table fields;
  for (const std::string& line : lines) {
    const auto at = static_cast<std::uint32_t>(buffer.size());
    buffer += "Cookie: " + line + "\r\n";
    EXPECT_TRUE(fields.add({at, at + 8, static_cast<std::uint32_t>(line.size()), 6, field_id::cookie}));
  }
  return std::string(cookie_of(fields, buffer.data(), name));
}

TEST(cookie, is_found_wherever_it_stands) {
  EXPECT_EQ(found({"a=1"}, "a"), "1");
  EXPECT_EQ(found({"b=2; a=1"}, "a"), "1");
  EXPECT_EQ(found({"b=2;a=1;c=3"}, "a"), "1");
  EXPECT_EQ(found({"b=2", "x=y; a=1"}, "a"), "1");
  EXPECT_EQ(found({"a=\"1\""}, "a"), "1");
  EXPECT_EQ(found({"a=1; a=2"}, "a"), "1");
  EXPECT_EQ(found({"a=b=c"}, "a"), "b=c");
}

TEST(cookie, of_another_name_is_not_taken_for_it) {
  for (const char* line : {"", ";", "aa=1", "A=1", "ba=1", "a", " =1", "b=a=1", "a b=1", ";;a;b=;"})
    EXPECT_EQ(found({line}, "a"), "") << line;
  EXPECT_EQ(found({}, "a"), "");
}

}  // namespace
}  // namespace cardea::proxy::http
