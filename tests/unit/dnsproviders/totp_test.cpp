#include "dnsproviders/totp.hpp"

#include <gtest/gtest.h>

namespace cardea::dnsproviders {
namespace {

base::wall_time at(std::int64_t seconds) { return base::wall_time(std::chrono::seconds(seconds)); }

// RFC 6238 appendix B, SHA-1: the last six of its eight digits.
TEST(totp, gives_the_numbers_of_rfc_6238) {
  constexpr const char* secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
  EXPECT_EQ(totp(secret, at(59)), "287082");
  EXPECT_EQ(totp(secret, at(1'111'111'109)), "081804");
  EXPECT_EQ(totp(secret, at(1'111'111'111)), "050471");
  EXPECT_EQ(totp(secret, at(1'234'567'890)), "005924");
  EXPECT_EQ(totp(secret, at(2'000'000'000)), "279037");
}

TEST(totp, reads_a_secret_as_people_write_it) {
  EXPECT_EQ(totp("gezd gnbv gy3t qojq gezd gnbv gy3t qojq", at(59)), "287082");
  EXPECT_EQ(totp("not base32!", at(59)), std::nullopt);
  EXPECT_EQ(totp("", at(59)), std::nullopt);
}

TEST(totp, changes_with_every_half_minute) {
  EXPECT_EQ(totp_period(at(29)), 0);
  EXPECT_EQ(totp_period(at(30)), 1);
}

}  // namespace
}  // namespace cardea::dnsproviders
