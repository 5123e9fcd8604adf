#include "base/address_range.hpp"

#include <gtest/gtest.h>

namespace cardea::base {
namespace {

bool contains(std::string_view range, std::string_view host) {
  return address_range::parse(range).value().contains(address::from_parts(host, 443).value());
}

TEST(address_range, a_network_has_all_addresses_with_its_prefix) {
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(contains("192.168.4.0/22", "192.168.7.255"));
  EXPECT_FALSE(contains("192.168.4.0/22", "192.168.8.0"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
}

TEST(address_range, an_address_alone_is_that_address) {
  EXPECT_TRUE(contains("192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(contains("192.0.2.7", "192.0.2.6"));
  EXPECT_TRUE(contains("::1", "::1"));
  EXPECT_FALSE(contains("::1", "::2"));
}

TEST(address_range, a_prefix_of_no_bits_is_every_address_of_its_family) {
  EXPECT_TRUE(contains("0.0.0.0/0", "203.0.113.9"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(contains("::/0", "2001:db8::1"));
}

TEST(address_range, a_mapped_address_is_the_address_that_it_holds) {
  EXPECT_TRUE(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_TRUE(contains("::ffff:10.1.2.3", "10.1.2.3"));
}

TEST(address_range, bits_beyond_the_prefix_are_not_looked_at) {
  EXPECT_TRUE(contains("192.168.1.77/24", "192.168.1.3"));
  EXPECT_EQ(address_range::parse("192.168.1.77/24").value(), address_range::parse("192.168.1.0/24").value());
}

TEST(address_range, text_is_what_was_meant) {
  for (const char* text : {"10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1", "0.0.0.0/0"})
    EXPECT_EQ(address_range::parse(text).value().to_string(), text);
  EXPECT_EQ(address_range::parse("192.168.1.77/24").value().to_string(), "192.168.1.0/24");
}

TEST(address_range, what_is_none_is_refused) {
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "10.0.0/8", "proxy.lan",
                           "10.0.0.0/8 ", "10.0.0.0/8/8", "1.2.3.4:80", "[::1]"})
    EXPECT_FALSE(address_range::parse(text)) << text;
}

}  // namespace
}  // namespace cardea::base
