#include "proxy/files/byte_ranges.hpp"

#include <gtest/gtest.h>

#include <string>

// T15: what may be asked for, and how much at most.
namespace cardea::proxy::files {
namespace {

std::string choose(const std::string& field, std::uint64_t size = 100, std::size_t ranges_max = 4) {
  const range_choice out = choose_ranges(field, size, ranges_max);
  if (out.what == range_choice::kind::whole) return "whole";
  if (out.what == range_choice::kind::unsatisfiable) return "416";
  std::string text;
  for (const byte_range each : out.parts) text += std::to_string(each.begin) + "-" + std::to_string(each.end - 1) + " ";
  return text;
}

TEST(byte_ranges, say_first_and_last_or_how_many_of_the_end) {
  EXPECT_EQ(choose("bytes=0-0"), "0-0 ");
  EXPECT_EQ(choose("bytes=5-"), "5-99 ");
  EXPECT_EQ(choose("bytes=5-1000"), "5-99 ");
  EXPECT_EQ(choose("bytes=-10"), "90-99 ");
  EXPECT_EQ(choose("bytes=-1000"), "0-99 ");
  EXPECT_EQ(choose("Bytes=99-99"), "99-99 ");
  EXPECT_EQ(choose("bytes=1-2, 5-6 ,,\t-1"), "1-2 5-6 99-99 ");
  EXPECT_EQ(choose("bytes=50-59,0-9"), "50-59 0-9 ") << "in the order asked for";
}

TEST(byte_ranges, beyond_the_end_are_left_out) {
  EXPECT_EQ(choose("bytes=100-"), "416");
  EXPECT_EQ(choose("bytes=-0"), "416");
  EXPECT_EQ(choose("bytes=100-200,300-"), "416");
  EXPECT_EQ(choose("bytes=0-1,100-200"), "0-1 ");
  EXPECT_EQ(choose("bytes=0-", 0), "whole");
  EXPECT_EQ(choose("bytes=-5", 0), "whole");
}

TEST(byte_ranges, that_cannot_be_read_are_refused_and_other_units_ignored) {
  for (const char* field : {"bytes=", "bytes=x", "bytes=1", "bytes=2-1", "bytes=--1", "bytes=1-2-3", "bytes= - ",
                            "bytes=0x1-2", "bytes=-", "bytes=0-1,x", "bytes=+1-2", "bytes=1 -2"})
    EXPECT_EQ(choose(field), "416") << field;
  for (const char* field : {"", "lines=0-1", "bytes 0-1", "byte=0-1", "bytes"}) EXPECT_EQ(choose(field), "whole") << field;
}

TEST(byte_ranges, t15_more_than_the_maximum_are_the_whole) {
  EXPECT_EQ(choose("bytes=0-0,2-2,4-4,6-6"), "0-0 2-2 4-4 6-6 ");
  EXPECT_EQ(choose("bytes=0-0,2-2,4-4,6-6,8-8"), "whole");
  EXPECT_EQ(choose("bytes=200-,300-,400-,500-,600-"), "whole") << "those that are left out count too";
  EXPECT_EQ(choose("bytes=0-0", 100, 0), "whole");
}

TEST(byte_ranges, t15_that_are_longer_together_than_the_whole_are_the_whole) {
  EXPECT_EQ(choose("bytes=0-99"), "0-99 ");
  EXPECT_EQ(choose("bytes=0-49,50-99"), "0-49 50-99 ");
  EXPECT_EQ(choose("bytes=0-50,50-99"), "whole");
  EXPECT_EQ(choose("bytes=0-,0-"), "whole");
  EXPECT_EQ(choose("bytes=0-1,0-1"), "0-1 0-1 ");
}

TEST(byte_ranges, count_in_64_bits_and_do_not_wrap) {
  constexpr std::uint64_t huge = 5'368'709'120;
  EXPECT_EQ(choose("bytes=5368709119-", huge), "5368709119-5368709119 ");
  EXPECT_EQ(choose("bytes=1-18446744073709551615"), "1-99 ");
  EXPECT_EQ(choose("bytes=1-99999999999999999999999999"), "1-99 ");
  EXPECT_EQ(choose("bytes=99999999999999999999999999-"), "416");
  EXPECT_EQ(choose("bytes=-99999999999999999999999999"), "0-99 ");
  EXPECT_EQ(choose("bytes=0-18446744073709551615,0-18446744073709551615", UINT64_MAX), "whole");
}

}  // namespace
}  // namespace cardea::proxy::files
