#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// The Huffman code of RFC 7541 appendix B. Pure functions, no allocation.
namespace cardea::proxy::http2 {

enum class huffman_status : std::uint8_t { done, malformed, no_room };

struct huffman_result {
  huffman_status status = huffman_status::done;
  std::size_t size = 0;
};

/// Decodes a whole string into `out`. Malformed: a code that ends in more than seven bits of
/// padding, in padding that is not all ones, or that contains the end symbol.
[[nodiscard]] huffman_result huffman_decode(std::string_view coded, char* out, std::size_t room) noexcept;

/// How many bytes `huffman_encode` writes.
[[nodiscard]] std::size_t huffman_size(std::string_view text) noexcept;

/// REQUIRES: huffman_size(text) bytes at `out`.
void huffman_encode(std::string_view text, char* out) noexcept;

}  // namespace cardea::proxy::http2
