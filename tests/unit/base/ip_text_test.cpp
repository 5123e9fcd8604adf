#include "base/ip_text.hpp"

#include <gtest/gtest.h>

namespace cardea::base {
namespace {

TEST(ip_text, has_one_spelling_for_each_address) {
  const struct {
    const char* written;
    const char* canonical;
  } rows[] = {{"192.0.2.1", "192.0.2.1"},
              {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
              {"2001:db8::1", "2001:db8::1"},
              {"0:0::1", "::1"},
              {"::ffff:192.0.2.1", "::ffff:192.0.2.1"}};
  for (const auto& row : rows) EXPECT_EQ(canonical_ip(row.written), row.canonical) << row.written;
}

TEST(ip_text, is_nothing_but_an_address) {
  for (const char* text : {"", "192.0.2", "192.0.2.256", "192.0.2.01", "192.0.2.1:80", "[::1]",
                           "fe80::1%eth0", "example.test", " ::1", "1:2:3:4:5:6:7:8:9"})
    EXPECT_FALSE(is_ip_text(text)) << text;
  EXPECT_FALSE(is_ip_text(std::string_view("::1\0x", 5)));
}

TEST(ip_text, has_bytes_and_comes_back_from_them) {
  EXPECT_EQ(ip_bytes("192.0.2.1"), std::string("\xc0\x00\x02\x01", 4));
  EXPECT_EQ(ip_bytes("::1").size(), 16U);
  EXPECT_EQ(ip_of_bytes(ip_bytes("2001:db8::1")), "2001:db8::1");
  EXPECT_EQ(ip_of_bytes("five!"), "");
}

// RFC 8738 section 6 has the second one.
TEST(ip_text, b63_has_a_name_for_the_handshake) {
  EXPECT_EQ(reverse_name("192.0.2.13"), "13.2.0.192.in-addr.arpa");
  EXPECT_EQ(reverse_name("2001:db8::1"),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
  EXPECT_EQ(reverse_name("example.test"), "");
}

}  // namespace
}  // namespace cardea::base
