#include "proxy/http2/huffman.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cardea::proxy::http2 {
namespace {

std::string encoded(std::string_view text) {
  std::string out(huffman_size(text), '\0');
  huffman_encode(text, out.data());
  return out;
}

huffman_result decoded(std::string_view coded, std::string& out, std::size_t room = 4'096) {
  out.assign(room, '\0');
  const huffman_result result = huffman_decode(coded, out.data(), room);
  out.resize(result.size);
  return result;
}

TEST(huffman, codes_the_examples_of_rfc7541) {
  EXPECT_EQ(encoded("www.example.com"), "\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff");
  EXPECT_EQ(encoded("no-cache"), "\xa8\xeb\x10\x64\x9c\xbf");
  EXPECT_EQ(encoded("custom-value"), "\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf");
  EXPECT_EQ(encoded("Mon, 21 Oct 2013 20:13:21 GMT"),
            "\xd0\x7a\xbe\x94\x10\x54\xd4\x44\xa8\x20\x05\x95\x04\x0b\x81\x66\xe0\x82\xa6\x2d\x1b\xff");
}

TEST(huffman, every_byte_comes_back_alone_and_in_company) {
  std::string all;
  for (int c = 0; c < 256; ++c) {
    const std::string one(1, static_cast<char>(c));
    std::string out;
    EXPECT_EQ(decoded(encoded(one), out).status, huffman_status::done) << c;
    EXPECT_EQ(out, one) << c;
    all += one + "e";
  }
  std::string out;
  EXPECT_EQ(decoded(encoded(all + all), out).status, huffman_status::done);
  EXPECT_EQ(out, all + all);
}

TEST(huffman, padding_is_short_and_all_ones) {
  std::string out;
  EXPECT_EQ(decoded(std::string("\x1f", 1), out).status, huffman_status::done) << "a and three ones";
  EXPECT_EQ(out, "a");
  EXPECT_EQ(decoded(std::string("\x1e", 1), out).status, huffman_status::malformed) << "a zero in the padding";
  EXPECT_EQ(decoded(std::string("\x18", 1), out).status, huffman_status::malformed);
  EXPECT_EQ(decoded(std::string("\x1f\xff", 2), out).status, huffman_status::malformed) << "a byte of padding";
  EXPECT_EQ(decoded("\xff", out).status, huffman_status::malformed) << "eight ones are no padding";
  EXPECT_EQ(decoded("", out).status, huffman_status::done);
}

TEST(huffman, the_end_symbol_is_malformed) {
  std::string out;
  EXPECT_EQ(decoded("\xff\xff\xff\xff", out).status, huffman_status::malformed);
  EXPECT_EQ(decoded(std::string("\x1f\xff\xff\xff\xff", 5), out).status, huffman_status::malformed);
}

TEST(huffman, never_writes_beyond_its_room) {
  const std::string text = "0123456789";
  std::string out;
  EXPECT_EQ(decoded(encoded(text), out, 10).status, huffman_status::done);
  EXPECT_EQ(decoded(encoded(text), out, 9).status, huffman_status::no_room);
  EXPECT_EQ(decoded(encoded(text), out, 0).status, huffman_status::no_room);
}

}  // namespace
}  // namespace cardea::proxy::http2
