// Goal: each client has its own share, the table has its own size. Method: times that the test makes up.
#include "proxy/middleware/rate_table.hpp"

#include <gtest/gtest.h>

namespace cardea::proxy::middleware {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::chrono::nanoseconds begin = std::chrono::hours(1);

TEST(rate_table, lets_a_burst_through_and_then_the_average) {
  rate_table table(10, 3, seconds(1), 8);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(table.take(7, begin), seconds(0)) << i;
  EXPECT_EQ(table.take(7, begin), milliseconds(100));
  EXPECT_EQ(table.take(7, begin + milliseconds(40)), milliseconds(60));
  EXPECT_EQ(table.take(7, begin + milliseconds(100)), seconds(0));
  EXPECT_EQ(table.take(7, begin + milliseconds(100)), milliseconds(100)) << "one for each tenth of a second";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(table.take(7, begin + seconds(10)), seconds(0)) << "rested";
  EXPECT_GT(table.take(7, begin + seconds(10)), seconds(0));
}

TEST(rate_table, counts_each_client_by_itself) {
  rate_table table(1, 1, seconds(60), 1'024);
  for (std::uint64_t client = 0; client < 50; ++client) {
    EXPECT_EQ(table.take(client, begin), seconds(0)) << client;
    EXPECT_EQ(table.take(client, begin), seconds(60)) << client;
  }
}

TEST(rate_table, remembers_no_more_clients_than_it_has_places_and_goes_on) {
  rate_table table(1, 1, seconds(60), 9);
  EXPECT_EQ(table.places(), 16U);
  for (std::uint64_t client = 0; client < 10'000; ++client) EXPECT_EQ(table.take(client, begin), seconds(0)) << client;
  int remembered = 0;
  for (std::uint64_t client = 9'000; client < 10'000; ++client)
    if (table.take(client, begin) != seconds(0)) ++remembered;
  EXPECT_LE(remembered, 16);
}

TEST(rate_table, a_client_is_an_address_or_a_slash_64) {
  const auto client = [](const char* address) {
    return rate_table::client_of(base::address::from_parts(address, 0).value());
  };
  EXPECT_NE(client("10.0.0.1"), client("10.0.0.2"));
  EXPECT_EQ(client("10.0.0.1"), client("::ffff:10.0.0.1"));
  EXPECT_EQ(client("2001:db8::1"), client("2001:db8::2"));
  EXPECT_NE(client("2001:db8::1"), client("2001:db8:0:1::1"));
}

}  // namespace
}  // namespace cardea::proxy::middleware
