#include "proxy/client_census.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace cardea::proxy {
namespace {

base::address client(const char* host, std::uint16_t port = 1) { return base::address::from_parts(host, port).value(); }

TEST(client_census, l08_counts_by_address_whatever_the_port) {
  client_census census(2);
  const client_census::entry first(census, client("192.0.2.1", 1));
  auto second = std::make_unique<client_census::entry>(census, client("192.0.2.1", 2));
  EXPECT_TRUE(first.admitted());
  EXPECT_TRUE(second->admitted());
  EXPECT_FALSE(client_census::entry(census, client("192.0.2.1", 3)).admitted());
  EXPECT_TRUE(client_census::entry(census, client("192.0.2.2", 3)).admitted()) << "somebody else";
  second.reset();
  EXPECT_TRUE(client_census::entry(census, client("192.0.2.1", 3)).admitted()) << "there is a place again";
}

TEST(client_census, l08_counts_ipv6_by_what_one_subscriber_has) {
  client_census census(1);
  const client_census::entry first(census, client("2001:db8:1:2::1"));
  EXPECT_FALSE(client_census::entry(census, client("2001:db8:1:2:ffff::9")).admitted()) << "the same /64";
  EXPECT_TRUE(client_census::entry(census, client("2001:db8:1:3::1")).admitted()) << "another one";
}

TEST(client_census, l08_an_ipv4_address_is_the_same_on_a_listener_of_both_kinds) {
  client_census census(1);
  const client_census::entry first(census, client("::ffff:192.0.2.1"));
  EXPECT_FALSE(client_census::entry(census, client("192.0.2.1")).admitted());
}

TEST(client_census, forgets_who_has_gone_and_does_not_count_without_a_limit) {
  client_census census(5);
  { const client_census::entry one(census, client("192.0.2.1")); }
  EXPECT_EQ(census.clients(), 0U);
  client_census any(0);
  const client_census::entry one(any, client("192.0.2.1"));
  EXPECT_TRUE(one.admitted());
  EXPECT_EQ(any.clients(), 0U);
}

}  // namespace
}  // namespace cardea::proxy
