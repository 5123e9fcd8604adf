// Method: blocks of RFC 7541's appendix, of nghttp2's encoder, and broken ones.
#include "proxy/http2/hpack_decoder.hpp"

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace cardea::proxy::http2 {
namespace {

using fields = std::vector<std::pair<std::string, std::string>>;

struct decoded_block {
  fields got;
  bool broken = false;
};

decoded_block decode(hpack_decoder& decoder, std::string_view block) {
  std::string room(64 * 1024, '\0');
  decoded_block out;
  decoder.begin_block();
  while (true) {
    const hpack_decoder::step step = decoder.next(block, room.data(), room.size());
    if (step.outcome == hpack_decoder::status::end) return out;
    if (step.outcome != hpack_decoder::status::field) {
      out.broken = true;
      return out;
    }
    out.got.emplace_back(room.substr(0, step.name_size), room.substr(step.name_size, step.value_size));
  }
}

/// nghttp2's encoder.
class peer_encoder {
 public:
  explicit peer_encoder(std::size_t table) { nghttp2_hd_deflate_new(&state_, table); }
  ~peer_encoder() { nghttp2_hd_deflate_del(state_); }
  peer_encoder(const peer_encoder&) = delete;
  peer_encoder& operator=(const peer_encoder&) = delete;

  void resize(std::size_t table) { nghttp2_hd_deflate_change_table_size(state_, table); }
  std::string encode(const fields& from, std::uint8_t flags = 0) {
    std::vector<nghttp2_nv> list;
    for (const auto& [name, value] : from)
      list.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                      reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(), flags});
    std::string out(nghttp2_hd_deflate_bound(state_, list.data(), list.size()), '\0');
    const auto size = nghttp2_hd_deflate_hd(state_, reinterpret_cast<std::uint8_t*>(out.data()), out.size(), list.data(),
                                            list.size());
    out.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return out;
  }

 private:
  nghttp2_hd_deflater* state_ = nullptr;
};

TEST(hpack_decoder, reads_the_requests_of_rfc7541_c4) {
  hpack_decoder decoder(4'096);
  const fields first{{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "www.example.com"}};
  EXPECT_EQ(decode(decoder, "\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff").got, first);
  fields second = first;
  second.emplace_back("cache-control", "no-cache");
  EXPECT_EQ(decode(decoder, "\x82\x86\x84\xbe\x58\x86\xa8\xeb\x10\x64\x9c\xbf").got, second);
  const fields third{{":method", "GET"}, {":scheme", "https"}, {":path", "/index.html"},
                     {":authority", "www.example.com"}, {"custom-key", "custom-value"}};
  EXPECT_EQ(decode(decoder, "\x82\x87\x85\xbf\x40\x88\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f\x89\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf").got,
            third);
  EXPECT_EQ(decoder.table().count(), 3U);
  EXPECT_EQ(decoder.table().bytes(), 164U);
}

TEST(hpack_decoder, follows_another_encoder_through_evictions_and_resizes) {
  std::mt19937 random(7);  // NOLINT: the same every time
  for (const std::size_t table : {0U, 64U, 400U, 4'096U}) {
    hpack_decoder decoder(4'096);
    peer_encoder peer(4'096);
    peer.resize(table);
    for (int block = 0; block < 300; ++block) {
      if (table != 0 && block % 50 == 49) peer.resize(random() % table);
      fields sent;
      for (unsigned i = random() % 12; i > 0; --i)
        sent.emplace_back("name-" + std::to_string(random() % 20),
                          std::string(random() % 3 == 0 ? random() % 600 : 7, static_cast<char>('a' + random() % 3)));
      const std::uint8_t flags = random() % 7 == 0 ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
      const decoded_block got = decode(decoder, peer.encode(sent, flags));
      ASSERT_FALSE(got.broken) << table << ' ' << block;
      ASSERT_EQ(got.got, sent) << table << ' ' << block;
      ASSERT_LE(decoder.table().bytes(), 4'096U);
    }
  }
}

TEST(hpack_decoder, broken_blocks_are_told) {
  const struct {
    const char* what;
    std::string block;
  } cases[] = {
      {"index 0", "\x80"},
      {"an index beyond the tables", "\xbe"},
      {"a huge index", std::string("\xff\xff\xff\xff\xff\x0f", 6)},
      {"an integer without an end", std::string("\xff\x80\x80\x80\x80\x80\x80", 7)},
      {"an integer that is cut off", "\xff\x80"},
      {"a literal without a value", std::string("\x40\x01x", 3)},
      {"a name beyond the block", std::string("\x40\x05x", 3)},
      {"a value beyond the block", std::string("\x40\x01x\x05y", 5)},
      {"a broken Huffman code", std::string("\x40\x01x\x81\x1e", 5)},
      {"a table larger than allowed", std::string("\x3f\xe2\x1f", 3)},
      {"a resize behind a field", std::string("\x82\x20", 2)},
      {"three resizes", std::string("\x20\x20\x20", 3)},
      {"a name by an index beyond", std::string("\x7f\x20\x01y", 4)},
  };
  for (const auto& each : cases) {
    hpack_decoder decoder(4'096);
    EXPECT_TRUE(decode(decoder, each.block).broken) << each.what;
  }
}

TEST(hpack_decoder, a_field_without_room_is_not_taken_unless_it_is_discarded) {
  hpack_decoder decoder(4'096);
  char room[16];
  std::string literal = std::string("\x40\x04name\x14", 7) + std::string(20, 'v');
  std::string_view block = literal;
  decoder.begin_block();
  EXPECT_EQ(decoder.next(block, room, sizeof room).outcome, hpack_decoder::status::no_room);
  EXPECT_EQ(block.size(), literal.size());
  EXPECT_EQ(decoder.table().count(), 0U);
  EXPECT_EQ(decoder.next(block, room, sizeof room, true).outcome, hpack_decoder::status::field);
  EXPECT_TRUE(block.empty());
}

TEST(hpack_decoder, every_static_name_is_found) {
  for (std::size_t i = 1; i <= static_field_count; ++i)
    EXPECT_EQ(static_field(static_index_of(static_field(i).name)).name, static_field(i).name) << i;
  EXPECT_EQ(static_index_of("x-none"), 0U);
  EXPECT_EQ(static_index_of(""), 0U);
  EXPECT_EQ(static_index_of(":status"), 8U);
}

TEST(hpack_table, an_entry_that_is_too_large_empties_it) {
  hpack_table table(100);
  table.add("a", "b");
  EXPECT_EQ(table.count(), 1U);
  table.add("name", std::string(65, 'v'));
  EXPECT_EQ(table.count(), 0U);
  EXPECT_EQ(table.bytes(), 0U);
  table.add("name", std::string(64, 'v'));
  EXPECT_EQ(table.count(), 1U);
  EXPECT_EQ(table.at(0).value, std::string(64, 'v'));
  table.resize(99);
  EXPECT_EQ(table.count(), 0U);
}

}  // namespace
}  // namespace cardea::proxy::http2
