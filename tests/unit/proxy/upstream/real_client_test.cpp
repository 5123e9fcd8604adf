// Goal: nobody chooses his backend by a header that he wrote himself.
#include "proxy/upstream/real_client.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cardea::proxy::upstream {
namespace {

config::real_ip_source source(bool recursive) {
  config::real_ip_source out;
  out.header = "X-Forwarded-For";
  out.from = {base::address_range::parse("10.0.0.0/8").value(), base::address_range::parse("2001:db8::/32").value()};
  out.recursive = recursive;
  return out;
}

std::string client(const std::string& peer, const std::vector<std::string>& values, const config::real_ip_source& from) {
  const std::string name = "x-forwarded-for";
  std::string buffer;
  http::header_table fields;
  for (const std::string& value : values) {
    const auto at = static_cast<std::uint32_t>(buffer.size());
    buffer += name + ": " + value + "\r\n";
    EXPECT_TRUE(fields.add({at, at + 17, static_cast<std::uint32_t>(value.size()), 15, http::field_id::x_forwarded_for}));
  }
  return std::string(real_client(peer, fields, buffer.data(), from));
}

TEST(real_client, of_a_stranger_is_the_stranger_whatever_he_says) {
  EXPECT_EQ(client("192.0.2.1", {"203.0.113.9"}, source(false)), "192.0.2.1");
  EXPECT_EQ(client("10.0.0.1", {"203.0.113.9"}, {}), "10.0.0.1") << "nobody is believed";
}

TEST(real_client, behind_a_proxy_is_the_last_address) {
  EXPECT_EQ(client("10.0.0.1", {"203.0.113.9"}, source(false)), "203.0.113.9");
  EXPECT_EQ(client("10.0.0.1", {"198.51.100.1, 203.0.113.9"}, source(false)), "203.0.113.9");
  EXPECT_EQ(client("10.0.0.1", {"198.51.100.1", "203.0.113.9"}, source(false)), "203.0.113.9");
  EXPECT_EQ(client("2001:db8::1", {"203.0.113.9, 10.0.0.2"}, source(false)), "10.0.0.2");
  EXPECT_EQ(client("10.0.0.1", {}, source(false)), "10.0.0.1");
}

TEST(real_client, behind_a_chain_is_the_last_one_that_is_not_of_it) {
  EXPECT_EQ(client("10.0.0.1", {"198.51.100.1, 203.0.113.9, 10.0.0.2"}, source(true)), "203.0.113.9");
  EXPECT_EQ(client("10.0.0.1", {"198.51.100.1", "203.0.113.9", "10.0.0.3 , 10.0.0.2"}, source(true)), "203.0.113.9");
  EXPECT_EQ(client("10.0.0.1", {"10.0.0.3, 10.0.0.2"}, source(true)), "10.0.0.3") << "all are of it";
}

TEST(real_client, stops_at_what_is_no_address) {
  EXPECT_EQ(client("10.0.0.1", {"203.0.113.9, unknown"}, source(false)), "10.0.0.1");
  EXPECT_EQ(client("10.0.0.1", {"203.0.113.9, unknown, 10.0.0.2"}, source(true)), "10.0.0.2");
  EXPECT_EQ(client("10.0.0.1", {""}, source(true)), "10.0.0.1");
}

}  // namespace
}  // namespace cardea::proxy::upstream
