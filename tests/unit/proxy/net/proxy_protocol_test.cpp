// Goal: T14: a header is a header at every split, and nothing else is one.
#include "proxy/net/proxy_protocol.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cardea::proxy::net {
namespace {

using namespace std::string_literals;
using state = proxy_header::state;

constexpr std::size_t bytes_max = 4096;
const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string v2(char version_and_command, char family, const std::string& body) {
  return signature + version_and_command + family + static_cast<char>(body.size() >> 8U) +
         static_cast<char>(body.size() & 0xffU) + body;
}

std::string tlv(char type, const std::string& value) {
  return std::string(1, type) + static_cast<char>(value.size() >> 8U) + static_cast<char>(value.size() & 0xffU) + value;
}

const std::string v4_ends = "\xc0\x00\x02\x07\x0a\x00\x00\x01\x10\x92\x01\xbb"s;  // 192.0.2.7:4242 -> 10.0.0.1:443
const std::string v6_ends = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"s + "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"s +
                            "\x10\x92\x01\xbb"s;

proxy_header parse(const std::string& bytes) { return parse_proxy_header(bytes, bytes_max); }

std::string text(const std::optional<base::address>& value) { return value ? value->to_string() : "none"; }

// Whole, with something behind it, and byte for byte.
void expect_header(const std::string& header, const std::string& source, const std::string& destination) {
  SCOPED_TRACE(header);
  for (const std::string& behind : {""s, "\x16\x03\x01"s, "GET / HTTP/1.1\r\n\r\n"s, "PROXY TCP4 "s}) {
    const proxy_header found = parse(header + behind);
    ASSERT_EQ(found.found, state::complete) << found.reason;
    EXPECT_EQ(found.bytes, header.size());
    EXPECT_EQ(text(found.source), source);
    EXPECT_EQ(text(found.destination), destination);
  }
  for (std::size_t size = 0; size < header.size(); ++size) {
    const proxy_header part = parse(header.substr(0, size));
    ASSERT_EQ(part.found, state::need_more) << "after " << size << " bytes: " << part.reason;
    EXPECT_GT(part.bytes, size) << "or nobody would wake up for more";
    EXPECT_LE(part.bytes, header.size()) << "or the last byte would wake nobody";
  }
}

void expect_malformed(const std::string& bytes) {
  const proxy_header found = parse(bytes);
  EXPECT_EQ(found.found, state::malformed) << bytes;
  EXPECT_FALSE(found.reason.empty());
  EXPECT_FALSE(found.source);
}

TEST(proxy_protocol, t14_version_1_names_both_ends) {
  expect_header("PROXY TCP4 192.0.2.7 10.0.0.1 4242 443\r\n", "192.0.2.7:4242", "10.0.0.1:443");
  expect_header("PROXY TCP6 2001:db8::7 2001:db8::1 4242 443\r\n", "[2001:db8::7]:4242", "[2001:db8::1]:443");
  expect_header("PROXY TCP6 ::ffff:192.0.2.7 ::1 0 65535\r\n", "192.0.2.7:0", "[::1]:65535");
  expect_header("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
                "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

TEST(proxy_protocol, t14_version_1_unknown_keeps_the_connections_own_ends) {
  expect_header("PROXY UNKNOWN\r\n", "none", "none");
  expect_header("PROXY UNKNOWN whatever it is 1 2\r\n", "none", "none");
  expect_header("PROXY UNKNOWN " + std::string(91, 'x') + "\r\n", "none", "none");  // 107 bytes
}

TEST(proxy_protocol, t14_version_1_ends_within_107_bytes) {
  expect_malformed("PROXY UNKNOWN " + std::string(92, 'x') + "\r\n");
  expect_malformed("PROXY UNKNOWN " + std::string(93, 'x'));
  expect_malformed("PROXY TCP4 " + std::string(5000, '1'));
  EXPECT_EQ(parse("PROXY UNKNOWN " + std::string(92, 'x')).found, state::need_more);
}

TEST(proxy_protocol, t14_version_1_is_one_form_only) {
  for (const char* line :
       {"PROXY TCP4 192.0.2.7 10.0.0.1 4242 443\n", "PROXY TCP4 192.0.2.7 10.0.0.1 4242 443\r\r\n",
        "PROXY TCP4  192.0.2.7 10.0.0.1 4242 443\r\n", "PROXY TCP4 192.0.2.7 10.0.0.1 4242 443 \r\n",
        "PROXY TCP4 192.0.2.7 10.0.0.1 4242 443 1\r\n", "PROXY TCP4 192.0.2.7 10.0.0.1 4242\r\n",
        "PROXY TCP4 192.0.2.7\t10.0.0.1 4242 443\r\n", "PROXY TCP4 192.0.2.7 10.0.0.1 4242 65536\r\n",
        "PROXY TCP4 192.0.2.7 10.0.0.1 -1 443\r\n", "PROXY TCP4 192.0.2.7 10.0.0.1 +1 443\r\n",
        "PROXY TCP4 192.0.2.7 10.0.0.1 042 443\r\n", "PROXY TCP4 192.0.2.7 10.0.0.1 0x1 443\r\n",
        "PROXY TCP4 192.0.2.256 10.0.0.1 4242 443\r\n", "PROXY TCP4 192.0.2 10.0.0.1 4242 443\r\n",
        "PROXY TCP4 2001:db8::7 10.0.0.1 4242 443\r\n", "PROXY TCP6 192.0.2.7 10.0.0.1 4242 443\r\n",
        "PROXY TCP6 2001:db8::7%lo 2001:db8::1 4242 443\r\n", "PROXY TCP5 192.0.2.7 10.0.0.1 4242 443\r\n",
        "PROXY tcp4 192.0.2.7 10.0.0.1 4242 443\r\n", "PROXY UDP4 192.0.2.7 10.0.0.1 4242 443\r\n", "PROXY \r\n",
        "PROXY  UNKNOWN\r\n", "PROXY UNKNOWNS\r\n"})
    expect_malformed(line);
  expect_malformed("PROXY TCP4 192.0.2.7\0 10.0.0.1 4242 443\r\n"s);
}

TEST(proxy_protocol, t14_version_2_names_both_ends) {
  expect_header(v2(0x21, 0x11, v4_ends), "192.0.2.7:4242", "10.0.0.1:443");
  expect_header(v2(0x21, 0x21, v6_ends), "[2001:db8::7]:4242", "[2001:db8::1]:443");
  expect_header(v2(0x21, 0x11, v4_ends + tlv(1, "h2") + tlv(2, "app.test") + tlv(4, "")), "192.0.2.7:4242",
                "10.0.0.1:443");
}

TEST(proxy_protocol, t14_version_2_local_and_unspecified_keep_the_connections_own_ends) {
  expect_header(v2(0x20, 0x00, ""), "none", "none");
  expect_header(v2(0x20, 0x11, v4_ends), "none", "none");
  expect_header(v2(0x20, 0x7f, "void"), "none", "none");
  expect_header(v2(0x21, 0x00, "void"), "none", "none");
  expect_header(v2(0x21, 0x31, std::string(216, '/')), "none", "none");
}

TEST(proxy_protocol, t14_version_2_with_a_bad_length_is_none) {
  expect_malformed(v2(0x21, 0x11, v4_ends.substr(1)));
  expect_malformed(v2(0x21, 0x21, v6_ends.substr(1)));
  expect_malformed(v2(0x21, 0x21, v4_ends));
  expect_malformed(v2(0x21, 0x31, std::string(215, '/')));
  expect_malformed(v2(0x21, 0x11, ""));
}

TEST(proxy_protocol, t14_version_2_with_a_tlv_beyond_its_end_is_none) {
  expect_malformed(v2(0x21, 0x11, v4_ends + "\x01"));
  expect_malformed(v2(0x21, 0x11, v4_ends + "\x01\x00"s));
  expect_malformed(v2(0x21, 0x11, v4_ends + "\x01\x00\x02h"s));
  expect_malformed(v2(0x21, 0x21, v6_ends + tlv(1, "h2") + "\x01\xff\xff"s + "h"));
  // Followed by enough bytes of the payload to satisfy a reader that does not look at the header's length.
  expect_malformed(v2(0x21, 0x11, v4_ends + "\x01\x00\x02h"s) + std::string(100, 'h'));
}

TEST(proxy_protocol, t14_version_2_with_reserved_values_is_none) {
  for (const char command : {'\x22', '\x2f', '\x11', '\x31', '\x01', '\x00'})
    expect_malformed(v2(command, 0x11, v4_ends));
  for (const char family : {'\x12', '\x22', '\x32', '\x10', '\x01', '\x41', '\x13', '\xff'})
    expect_malformed(v2(0x21, family, v6_ends + std::string(300, '\0')));
}

TEST(proxy_protocol, t14_version_2_beyond_the_limit_is_refused_before_it_is_there) {
  const std::string most = v2(0x21, 0x11, v4_ends + tlv(1, std::string(bytes_max - 16 - 12 - 3, 'x')));
  ASSERT_EQ(most.size(), bytes_max);
  expect_header(most, "192.0.2.7:4242", "10.0.0.1:443");
  const std::string more = v2(0x21, 0x11, v4_ends + tlv(1, std::string(bytes_max - 16 - 12 - 2, 'x')));
  expect_malformed(more);
  expect_malformed(more.substr(0, 16));
}

TEST(proxy_protocol, t14_other_bytes_are_no_header) {
  for (const std::string& bytes : {"\x16\x03\x01\x02\x00"s, "GET / HTTP/1.1\r\n"s, "POST / HTTP/1.1\r\n"s, "PROXYING"s,
                                   "\r\n\r\nGET / HTTP/1.1\r\n"s, "proxy TCP4 "s, "\0"s, " PROXY "s})
    EXPECT_EQ(parse(bytes).found, state::absent) << bytes;
  EXPECT_EQ(parse("").found, state::need_more);
  EXPECT_EQ(parse("P").found, state::need_more);
  EXPECT_EQ(parse("PO").found, state::absent);
}

TEST(proxy_protocol, what_is_written_is_read_back) {
  const auto round_trip = [](std::string_view from, std::string_view to) {
    const proxy_header_text out =
        make_proxy_header(base::address::parse(from).value(), base::address::parse(to).value());
    expect_header(std::string(out.view()), base::address::parse(from).value().to_string(),
                  base::address::parse(to).value().to_string());
    return out.size;
  };
  EXPECT_EQ(round_trip("192.0.2.7:4242", "10.0.0.1:443"), 28U);
  EXPECT_EQ(round_trip("[2001:db8::7]:1", "[2001:db8::1]:65535"), 52U);
  EXPECT_EQ(round_trip("[::ffff:192.0.2.7]:4242", "[::ffff:10.0.0.1]:443"), 28U);
  EXPECT_EQ(round_trip("192.0.2.7:4242", "[2001:db8::1]:443"), 52U);
  EXPECT_EQ(make_proxy_header(base::address::parse("192.0.2.7:4242").value(), base::address::parse("10.0.0.1:443").value())
                .view(),
            v2(0x21, 0x11, v4_ends));
}

}  // namespace
}  // namespace cardea::proxy::net
