#include "proxy/http2/huffman.hpp"

#include <array>

namespace cardea::proxy::http2 {
namespace {

constexpr std::size_t symbol_count = 257;
constexpr unsigned end_symbol = 256;
constexpr unsigned bits_max = 30;
// Codes up to this long are found by one look; longer ones are rare in field values.
constexpr unsigned quick_bits = 10;

/// The code is canonical, so that the lengths say all of it: of one length in the order of
/// the symbols, each length's first code following the last of the length before.
constexpr std::array<std::uint8_t, symbol_count> lengths{
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28,
    28, 28, 28, 28, 28, 28, 6,  10, 10, 12, 13, 6,  8,  11, 10, 10, 8,  11, 8,  6,  6,  6,  5,  5,  5,  6,
    6,  6,  6,  6,  6,  6,  7,  8,  15, 6,  12, 10, 13, 6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,
    7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8,  13, 19, 13, 14, 6,  15, 5,  6,  5,  6,  5,  6,  6,
    6,  5,  7,  7,  6,  6,  6,  5,  6,  7,  6,  5,  5,  6,  7,  7,  7,  7,  7,  15, 11, 14, 13, 28, 20, 22,
    20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23,
    22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22,
    23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22,
    25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30};

struct quick_entry {
  std::uint8_t symbol = 0;
  std::uint8_t bits = 0;  ///< 0: a longer code
};

struct code_book {
  std::array<std::uint32_t, symbol_count> codes{};
  std::array<std::uint16_t, symbol_count> by_code{};        ///< symbols in the order of their codes
  std::array<std::uint32_t, bits_max + 2> first_code{};     ///< of each length
  std::array<std::uint16_t, bits_max + 2> first_position{};  ///< of each length, in by_code
  std::array<quick_entry, 1U << quick_bits> quick{};
};

constexpr code_book make_book() {
  code_book book;
  std::uint32_t code = 0;
  std::uint16_t position = 0;
  for (unsigned bits = 1; bits <= bits_max; ++bits) {
    code <<= 1;
    book.first_code[bits] = code;
    book.first_position[bits] = position;
    for (unsigned symbol = 0; symbol < symbol_count; ++symbol) {
      if (lengths[symbol] != bits) continue;
      book.codes[symbol] = code;
      book.by_code[position++] = static_cast<std::uint16_t>(symbol);
      if (bits <= quick_bits) {
        const std::uint32_t first = code << (quick_bits - bits);
        for (std::uint32_t i = 0; i < 1U << (quick_bits - bits); ++i)
          book.quick[first + i] = {static_cast<std::uint8_t>(symbol), static_cast<std::uint8_t>(bits)};
      }
      ++code;
    }
  }
  book.first_position[bits_max + 1] = position;
  return book;
}

constexpr code_book book = make_book();
static_assert(book.codes[end_symbol] == 0x3fff'ffff);

/// The length and symbol of the code at the top of `window`, which holds bits_max valid bits or ones behind them.
struct long_symbol {
  unsigned bits = 0;  ///< 0: none
  unsigned symbol = 0;
};
long_symbol find_long(std::uint64_t window) noexcept {
  for (unsigned bits = quick_bits + 1; bits <= bits_max; ++bits) {
    const auto code = static_cast<std::uint32_t>(window >> (64 - bits));
    const unsigned count = book.first_position[bits + 1] - book.first_position[bits];
    if (code >= book.first_code[bits] && code - book.first_code[bits] < count)
      return {bits, book.by_code[book.first_position[bits] + code - book.first_code[bits]]};
  }
  return {};
}

}  // namespace

huffman_result huffman_decode(std::string_view coded, char* out, std::size_t room) noexcept {
  std::uint64_t window = 0;  // the next bits, left-aligned
  unsigned held = 0;
  std::size_t at = 0;
  std::size_t size = 0;
  while (true) {
    while (held <= 56 && at < coded.size()) {
      window |= static_cast<std::uint64_t>(static_cast<unsigned char>(coded[at++])) << (56 - held);
      held += 8;
    }
    if (held == 0) return {huffman_status::done, size};
    unsigned symbol = 0;
    unsigned bits = 0;
    const quick_entry quick = book.quick[window >> (64 - quick_bits)];
    if (quick.bits != 0) {
      symbol = quick.symbol;
      bits = quick.bits;
    } else {
      // Behind the end there are ones, as the padding says.
      const std::uint64_t filled = held < 64 ? window | (~std::uint64_t{0} >> held) : window;
      const long_symbol found = find_long(filled);
      symbol = found.symbol;
      bits = found.bits;
    }
    if (bits == 0 || bits > held || symbol == end_symbol) {
      // What is left must be padding: at most seven bits, all of them ones.
      const std::uint64_t padding = ~std::uint64_t{0} << (64 - held);
      if (at == coded.size() && held < 8 && (window & padding) == padding) return {huffman_status::done, size};
      return {huffman_status::malformed, 0};
    }
    if (size == room) return {huffman_status::no_room, 0};
    out[size++] = static_cast<char>(symbol);
    window <<= bits;
    held -= bits;
  }
}

std::size_t huffman_size(std::string_view text) noexcept {
  std::size_t bits = 0;
  for (const char c : text) bits += lengths[static_cast<unsigned char>(c)];
  return (bits + 7) / 8;
}

void huffman_encode(std::string_view text, char* out) noexcept {
  std::uint64_t window = 0;
  unsigned held = 0;
  for (const char c : text) {
    const auto symbol = static_cast<unsigned char>(c);
    window = window << lengths[symbol] | book.codes[symbol];
    held += lengths[symbol];
    while (held >= 8) {
      held -= 8;
      *out++ = static_cast<char>(window >> held);
    }
  }
  if (held > 0) *out = static_cast<char>(window << (8 - held) | 0xffU >> held);
}

}  // namespace cardea::proxy::http2
