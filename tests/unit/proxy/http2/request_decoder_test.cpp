#include "proxy/http2/request_decoder.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cardea::proxy::http2 {
namespace {

using fields = std::vector<std::pair<std::string, std::string>>;
using verdict = request_decoder::verdict;

std::string text(std::string_view bytes) {
  std::string out;
  if (bytes.size() < 0x7f) {
    out += static_cast<char>(bytes.size());
  } else {
    std::size_t size = bytes.size() - 0x7f;
    for (out += '\x7f'; size >= 0x80; size >>= 7) out += static_cast<char>(0x80 | (size & 0x7f));
    out += static_cast<char>(size);
  }
  return out.append(bytes);
}

std::string block(const fields& list) {
  std::string out;
  for (const auto& [name, value] : list) out += '\0' + text(name) + text(value);
  return out;
}

fields request(const fields& more = {}) {
  fields out{{":method", "GET"}, {":scheme", "https"}, {":authority", "app.test"}, {":path", "/"}};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

struct decoding {
  request_limits limits;
  request_decoder decoder{4'096, limits};
  std::vector<char> memory = std::vector<char>(68 * 1024);
  http::request_head head;

  request_decoder::outcome operator()(const std::string& bytes, bool ends = true) {
    return decoder.head(bytes, ends, memory, head);
  }
  [[nodiscard]] std::string at(http::slice one) const { return std::string(one.in(memory.data())); }
};

TEST(request_decoder, a_request_becomes_a_head) {
  decoding now;
  const auto got = now(block(request({{"accept", "*/*"}, {"te", "trailers"}, {"priority", "u=1, i"}})));
  ASSERT_EQ(got.is, verdict::accepted) << got.reason;
  EXPECT_EQ(now.at(now.head.method), "GET");
  EXPECT_EQ(now.at(now.head.path), "/");
  EXPECT_EQ(now.at(now.head.target), "/");
  EXPECT_EQ(now.at(now.head.host), "app.test");
  EXPECT_EQ(now.head.framing, http::body_framing::none);
  EXPECT_EQ(now.head.fields.size(), 3U);
  EXPECT_EQ(got.order.urgency, 1);
  EXPECT_TRUE(got.order.incremental);
  EXPECT_LE(got.bytes, now.memory.size());
}

TEST(request_decoder, options_may_ask_about_the_whole_server) {
  decoding now;
  EXPECT_EQ(now(block({{":method", "OPTIONS"}, {":scheme", "https"}, {":authority", "app.test"}, {":path", "*"}})).is,
            verdict::accepted);
  EXPECT_EQ(now.at(now.head.path), "*");
}

TEST(request_decoder, f04_the_sum_of_a_list_is_what_settings_say_it_is) {
  decoding now;
  now.limits.head_bytes_max = 1'000;
  // 42 + 44 + 50 + 38 for the pseudo-fields, 32 + 1 for the name.
  EXPECT_EQ(now(block(request({{"x", std::string(1'000 - 174 - 33, 'v')}}))).is, verdict::accepted);
  const auto more = now(block(request({{"x", std::string(1'000 - 174 - 32, 'v')}})));
  EXPECT_EQ(more.is, verdict::refused);
  EXPECT_EQ(more.status, 431);
}

TEST(request_decoder, what_is_refused_leaves_the_table_in_step) {
  decoding now;
  now.limits.head_bytes_max = 300;
  const std::string indexed = std::string("\x40\x01x\x02hi", 6);
  const auto refused = now(block(request({{"big", std::string(500, 'b')}})) + indexed);
  EXPECT_EQ(refused.status, 431);
  ASSERT_EQ(now(block(request()) + "\xbe").is, verdict::accepted);
  EXPECT_EQ(http::value_of(*now.head.fields.begin(), now.memory.data()), "hi");
}

TEST(request_decoder, a_malformed_request_leaves_it_too) {
  decoding now;
  const std::string indexed = std::string("\x40\x01x\x02hi", 6);
  EXPECT_EQ(now(block(request({{"connection", "close"}})) + indexed).is, verdict::malformed);
  EXPECT_EQ(now(block(request()) + "\xbe").is, verdict::accepted);
  EXPECT_TRUE(now.decoder.skip(block(request()) + std::string("\x40\x01y\x02ho", 6), now.memory));
  ASSERT_EQ(now(block(request()) + "\xbe").is, verdict::accepted);
  EXPECT_EQ(http::value_of(*now.head.fields.begin(), now.memory.data()), "ho");
}

TEST(request_decoder, h08_crumbs_are_joined_behind_the_other_fields) {
  decoding now;
  ASSERT_EQ(now(block(request({{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}}))).is, verdict::accepted);
  ASSERT_EQ(now.head.fields.size(), 2U);
  const http::field* cookie = now.head.fields.find(http::field_id::cookie);
  ASSERT_NE(cookie, nullptr);
  EXPECT_EQ(http::value_of(*cookie, now.memory.data()), "a=1; b=2");
  EXPECT_EQ(http::name_of(*cookie, now.memory.data()), "cookie");
}

TEST(request_decoder, a_block_that_is_cut_short_is_no_request) {
  const std::size_t pseudo = block(request()).size();
  const std::string whole = block(request({{"content-length", "5"}, {"x-field", "value"}}));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    decoding now;
    const auto copy = std::make_unique<char[]>(size);
    whole.copy(copy.get(), size);
    const auto got = now.decoder.head({copy.get(), size}, false, now.memory, now.head);
    EXPECT_TRUE(got.is != verdict::accepted || size >= pseudo) << size;
    EXPECT_TRUE(got.is == verdict::accepted || size != pseudo) << size;
  }
}

TEST(request_decoder, s22_trailers_have_a_limit) {
  decoding now;
  now.limits.trailer_bytes_max = 100;
  std::string lines;
  EXPECT_EQ(now.decoder.trailers(block({{"x", std::string(67, 'v')}}), now.memory, lines).is, verdict::accepted);
  EXPECT_EQ(lines, "x: " + std::string(67, 'v') + "\r\n");
  const auto more = now.decoder.trailers(block({{"x", std::string(68, 'v')}}), now.memory, lines);
  EXPECT_EQ(more.is, verdict::refused);
  EXPECT_EQ(more.status, 431);
}

}  // namespace
}  // namespace cardea::proxy::http2
