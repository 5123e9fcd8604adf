#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace cardea::base {
namespace {

TEST(utf8, leaves_valid_text_alone) {
  for (const char* text :
       {"", "plain",
        "b\xc3\xbc"
        "cher",
        "\xe2\x82\xac", "\xf0\x9f\x94\x92", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf", "\xee\x80\x80"})
    EXPECT_EQ(valid_utf8(text), text);
}

TEST(utf8, replaces_every_byte_that_is_not_part_of_a_character) {
  const std::string mark = "\xEF\xBF\xBD";
  const struct {
    const char* text;
    std::string expected;
  } rows[] = {
      {"a\xff"
       "b",
       "a" + mark + "b"},
      {"\x80", mark},
      {"\xc3", mark},
      {"\xc0\xaf", mark + mark},
      {"\xe0\x80\xaf", mark + mark + mark},
      {"\xed\xa0\x80", mark + mark + mark},
      {"\xf4\x90\x80\x80", mark + mark + mark + mark},
      {"\xe2\x82", mark + mark},
      {"\xe2(\xa1", mark + "(" + mark},
      {"\xf5", mark},
  };
  for (const auto& row : rows) EXPECT_EQ(valid_utf8(row.text), row.expected) << row.text;
}

}  // namespace
}  // namespace cardea::base
