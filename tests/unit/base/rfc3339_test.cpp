#include "base/rfc3339.hpp"

#include <gtest/gtest.h>

namespace cardea::base {
namespace {

TEST(rfc3339, writes_utc_in_whole_seconds) {
  EXPECT_EQ(to_rfc3339(std::chrono::system_clock::from_time_t(1'000'000'000)), "2001-09-09T01:46:40Z");
}

TEST(rfc3339, reads_offsets_and_fractions) {
  const auto expected = std::chrono::system_clock::from_time_t(1'000'000'000);
  for (const char* text : {"2001-09-09T01:46:40Z", "2001-09-09T03:46:40+02:00", "2001-09-08T20:16:40-05:30",
                           "2001-09-09t01:46:40.123456789z", "2001-09-09 01:46:40Z"})
    EXPECT_EQ(from_rfc3339(text), expected) << text;
}

TEST(rfc3339, refuses_what_is_no_time) {
  for (const char* text : {"", "Z", "2001-09-09", "2001-09-09T01:46:40", "2001-02-29T00:00:00Z",
                           "2001-13-01T00:00:00Z", "2001-09-09T24:00:00Z", "2001-09-09T01:60:00Z",
                           "2001-09-09T01:46:40.Z", "2001-09-09T01:46:40.1", "2001-09-09T01:46:40+2:00",
                           "2001-09-09T01:46:40+24:00", "2001-09-09T01:46:40Zx", "x001-09-09T01:46:40Z"})
    EXPECT_FALSE(from_rfc3339(text).has_value()) << text;
}

}  // namespace
}  // namespace cardea::base
