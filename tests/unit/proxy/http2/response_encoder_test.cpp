// Method: what is written is read by nghttp2's decoder.
#include "proxy/http2/response_encoder.hpp"

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace cardea::proxy::http2 {
namespace {

using fields = std::vector<std::pair<std::string, std::string>>;

fields read(std::string block) {
  nghttp2_hd_inflater* state = nullptr;
  nghttp2_hd_inflate_new(&state);
  fields out;
  auto* at = reinterpret_cast<std::uint8_t*>(block.data());
  std::size_t left = block.size();
  for (int flags = 0; (flags & NGHTTP2_HD_INFLATE_FINAL) == 0;) {
    nghttp2_nv field{};
    const auto taken = nghttp2_hd_inflate_hd2(state, &field, &flags, at, left, 1);
    if (taken < 0) {
      out.emplace_back("broken", "");
      break;
    }
    at += taken;
    left -= static_cast<std::size_t>(taken);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0)
      out.emplace_back(std::string(reinterpret_cast<const char*>(field.name), field.namelen),
                       std::string(reinterpret_cast<const char*>(field.value), field.valuelen));
  }
  nghttp2_hd_inflate_del(state);
  return out;
}

std::string written(const std::function<void(block_writer&)>& write) {
  std::string room(64 * 1024, '\0');
  block_writer block(room.data());
  write(block);
  return room.substr(0, block.size());
}

TEST(response_encoder, every_status_is_read_back) {
  for (const int status : {100, 103, 200, 204, 206, 301, 304, 400, 404, 431, 500, 502, 599}) {
    const fields got = read(written([&](block_writer& block) { block.status(static_cast<std::uint16_t>(status)); }));
    EXPECT_EQ(got, (fields{{":status", std::to_string(status)}}));
  }
}

TEST(response_encoder, names_become_lower_case_and_values_stay) {
  const std::string long_name(200, 'N');
  const std::string long_value(5'000, 'V');
  const std::string block = written([&](block_writer& out) {
    out.field("Content-Type", "Text/HTML");
    out.field("X-Own", "");
    out.field(long_name, long_value);
    out.number("content-length", 18'446'744'073'709'551'615U);
  });
  EXPECT_EQ(read(block), (fields{{"content-type", "Text/HTML"},
                                 {"x-own", ""},
                                 {std::string(200, 'n'), long_value},
                                 {"content-length", "18446744073709551615"}}));
}

TEST(response_encoder, lines_are_fields) {
  const std::string block = written([](block_writer& out) { out.lines("Location: https://a/: b\r\nAllow: GET\r\n"); });
  EXPECT_EQ(read(block), (fields{{"location", "https://a/: b"}, {"allow", "GET"}}));
  EXPECT_EQ(written([](block_writer& out) { out.lines(""); }), "");
}

TEST(response_encoder, cookies_that_are_set_are_never_indexed) {
  const std::string block = written([](block_writer& out) { out.field("Set-Cookie", "a=1"); });
  EXPECT_EQ(static_cast<unsigned char>(block.front()) & 0xf0U, 0x10U);
}

TEST(response_encoder, the_bound_holds_for_the_worst_names_and_values) {
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += std::string(static_cast<std::size_t>(i) * 3 + 1, 'n') + ": " + std::string(static_cast<std::size_t>(i) * 7, 'v') + "\r\n";
  const std::string block = written([&](block_writer& out) {
    out.status(503);
    out.lines(lines);
  });
  http::response_start start;
  start.extra_fields = lines;
  EXPECT_LE(block.size(), block_bound(start));
  EXPECT_LE(block.size(), block_bound(std::string_view(lines)));
  EXPECT_EQ(read(block).size(), 101U);
}

}  // namespace
}  // namespace cardea::proxy::http2
