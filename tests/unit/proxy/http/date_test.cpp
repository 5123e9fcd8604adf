#include "proxy/http/date.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace cardea::proxy::http {
namespace {

constexpr std::int64_t example = 784'111'777;  // RFC 9110's own
constexpr std::int64_t now = 1'795'600'000;    // November 2026

TEST(date, is_written_as_imf_fixdate) {
  EXPECT_EQ(format_date(example).view(), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(format_date(0).view(), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(format_date(-1).view(), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(format_date(951'782'400).view(), "Tue, 29 Feb 2000 00:00:00 GMT");
  EXPECT_EQ(format_date(INT64_MAX).view(), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(format_date(INT64_MIN).view(), "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST(date, is_read_in_its_three_forms) {
  EXPECT_EQ(parse_date("Sun, 06 Nov 1994 08:49:37 GMT", now), example);
  EXPECT_EQ(parse_date("Sunday, 06-Nov-94 08:49:37 GMT", now), example);
  EXPECT_EQ(parse_date("Sun Nov  6 08:49:37 1994", now), example);
  EXPECT_EQ(parse_date("Wed Nov 16 08:49:37 1994", now), example + 10 * 86'400);
}

TEST(date, of_two_digits_is_at_most_fifty_years_ahead) {
  EXPECT_EQ(format_date(*parse_date("Friday, 06-Nov-76 00:00:00 GMT", now)).view(), "Fri, 06 Nov 2076 00:00:00 GMT");
  EXPECT_EQ(format_date(*parse_date("Sunday, 06-Nov-77 00:00:00 GMT", now)).view(), "Sun, 06 Nov 1977 00:00:00 GMT");
}

TEST(date, that_is_anything_else_is_none) {
  for (const char* text :
       {"", "Sun", "0", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov -994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994",
        "Sunday, 06-Nov-1994 08:49:37 GMT", "1994-11-06T08:49:37Z"})
    EXPECT_FALSE(parse_date(text, now)) << text;
}

TEST(date, that_was_written_is_read_again) {
  std::mt19937_64 random(1);
  std::uniform_int_distribution<std::int64_t> any(-62'167'219'200, 253'402'300'799);
  for (int round = 0; round < 5'000; ++round) {
    const std::int64_t seconds = any(random);
    EXPECT_EQ(parse_date(format_date(seconds).view(), now), seconds);
  }
}

}  // namespace
}  // namespace cardea::proxy::http
