#pragma once

#include "proxy/http/characters.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// Searches for the first byte that ends a part of a line, sixteen bytes at a time where
/// the processor can. Every function returns the offset of that byte, or `size`.
namespace cardea::proxy::http1 {

namespace scan_detail {

/// What ends a field value: every control byte but HTAB.
[[nodiscard]] inline bool ends_value(char c) noexcept { return !http::is_text(c); }

/// What ends a request target: blanks, control bytes, bytes beyond ASCII, and `#`.
[[nodiscard]] inline bool ends_target(char c) noexcept {
  return static_cast<signed char>(c) <= 0x20 || c == 0x7f || c == '#';
}

#if defined(__SSE2__)
[[nodiscard]] inline __m128i load16(const char* at) noexcept {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

/// Control bytes, and a few that only look like it at this price: HTAB and those beyond ASCII.
[[nodiscard]] inline unsigned may_end_value(__m128i bytes) noexcept {
  // One more, signed: 0x7f and what lies beyond ASCII become negative.
  const __m128i above = _mm_add_epi8(bytes, _mm_set1_epi8(1));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmplt_epi8(above, _mm_set1_epi8(0x21))));
}

[[nodiscard]] inline unsigned value_ends(__m128i bytes) noexcept {
  const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
  const __m128i tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
  const __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, low), del)));
}

[[nodiscard]] inline unsigned target_ends(__m128i bytes) noexcept {
  const __m128i above = _mm_add_epi8(bytes, _mm_set1_epi8(1));
  const __m128i low = _mm_cmplt_epi8(above, _mm_set1_epi8(0x22));
  const __m128i hash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('#'));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(low, hash)));
}

/// Bytes that are not among the token characters of nearly all names: letters, digits, `-`.
[[nodiscard]] inline unsigned unusual_in_name(__m128i bytes) noexcept {
  const __m128i letter = _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
  const __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter);
  const __m128i number = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
  const __m128i is_number = _mm_cmpeq_epi8(_mm_min_epu8(number, _mm_set1_epi8(9)), number);
  const __m128i dash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-'));
  const __m128i usual = _mm_or_si128(_mm_or_si128(is_letter, is_number), dash);
  return static_cast<unsigned>(_mm_movemask_epi8(usual)) ^ 0xffffU;
}

template <class Vector, class Scalar>
[[nodiscard, gnu::always_inline]] inline std::size_t find(const char* data, std::size_t at, std::size_t size,
                                                          Vector vector, Scalar scalar) noexcept {
  for (; size - at >= 16; at += 16)
    if (const unsigned mask = vector(load16(data + at)); mask != 0)
      return at + static_cast<std::size_t>(std::countr_zero(mask));
  if (at == size) return size;
  if (size >= 16) {  // once more the last sixteen, without those already seen
    const unsigned mask = vector(load16(data + size - 16)) >> (16 - (size - at));
    return mask != 0 ? at + static_cast<std::size_t>(std::countr_zero(mask)) : size;
  }
  while (at < size && !scalar(data[at])) ++at;
  return at;
}
#endif

}  // namespace scan_detail

/// The same with the exact mask, for the rest of a value with unusual bytes.
[[nodiscard]] std::size_t find_unusual_value_end(const char* data, std::size_t at, std::size_t size) noexcept;

[[nodiscard, gnu::always_inline]] inline std::size_t find_value_end(const char* data, std::size_t at,
                                                                    std::size_t size) noexcept {
#if defined(__SSE2__)
  at = scan_detail::find(data, at, size, scan_detail::may_end_value, scan_detail::ends_value);
  if (at == size || data[at] == '\r') return at;
  return find_unusual_value_end(data, at, size);
#else
  while (at < size && !scan_detail::ends_value(data[at])) ++at;
  return at;
#endif
}

[[nodiscard]] inline std::size_t find_target_end(const char* data, std::size_t at,
                                                 std::size_t size) noexcept {
#if defined(__SSE2__)
  return scan_detail::find(data, at, size, scan_detail::target_ends, scan_detail::ends_target);
#else
  while (at < size && !scan_detail::ends_target(data[at])) ++at;
  return at;
#endif
}

/// The first byte that is not a token character.
[[nodiscard, gnu::always_inline]] inline std::size_t find_token_end(const char* data, std::size_t at,
                                                                    std::size_t size) noexcept {
#if defined(__SSE2__)
  while (size - at >= 16) {
    const unsigned mask = scan_detail::unusual_in_name(scan_detail::load16(data + at));
    if (mask == 0) {
      at += 16;
      continue;
    }
    at += static_cast<std::size_t>(std::countr_zero(mask));
    if (!http::is_token(data[at])) return at;
    ++at;
  }
#endif
  while (at < size && http::is_token(data[at])) ++at;
  return at;
}

}  // namespace cardea::proxy::http1
