#include "base/address.hpp"

#include <gtest/gtest.h>

namespace cardea::base {
namespace {

TEST(address, reads_what_listen_keys_may_hold) {
  EXPECT_EQ(address::parse("127.0.0.1:8443").value().to_string(), "127.0.0.1:8443");
  EXPECT_EQ(address::parse("[::1]:443").value().to_string(), "[::1]:443");
  EXPECT_EQ(address::parse(":80").value().to_string(), "[::]:80");
  EXPECT_EQ(address::parse(":80").value().family(), AF_INET6);
}

TEST(address, refuses_what_is_not_an_address_and_says_what_is_expected) {
  for (const char* bad : {"", "80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80", "localhost:80", "1.2.3:4:5",
                          "127.0.0.1:8o"}) {
    const auto parsed = address::parse(bad);
    ASSERT_FALSE(parsed.has_value()) << bad;
    EXPECT_NE(parsed.error().message().find("expected IP:PORT"), std::string::npos) << bad;
  }
}

TEST(address, prints_a_mapped_ipv4_client_as_ipv4) {
  EXPECT_EQ(address::from_parts("::ffff:192.0.2.7", 1).value().host(), "192.0.2.7");
}

}  // namespace
}  // namespace cardea::base
