#include "proxy/http/authority.hpp"

#include "base/text.hpp"
#include "proxy/http/characters.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace cardea::proxy::http {
namespace {

constexpr std::size_t name_size_max = 255;

/// The number of bytes at the begin of `text` that form a host name; 0 when none do.
std::size_t name_size(std::string_view text) noexcept {
  char before = '.';  // so that a leading dot is an empty label
  std::size_t size = 0;
  for (; size < text.size() && is_unreserved(text[size]); ++size) {
    if (text[size] == '.' && before == '.') return 0;
    before = text[size];
  }
  return size <= name_size_max ? size : 0;
}

/// The same for an IPv6 address in brackets.
std::size_t bracketed_size(std::string_view text) noexcept {
  const std::size_t close = text.find(']');
  std::array<char, INET6_ADDRSTRLEN> address;
  if (close == std::string_view::npos || close - 1 >= address.size()) return 0;
  const std::string_view inner = text.substr(1, close - 1);
  if (inner.find('\0') != std::string_view::npos) return 0;
  std::memcpy(address.data(), inner.data(), inner.size());
  address[inner.size()] = '\0';
  in6_addr ignored;
  return inet_pton(AF_INET6, address.data(), &ignored) == 1 ? close + 1 : 0;
}

/// 0 when `text` is not a port; leading zeros are none.
std::uint16_t port_of(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || text.front() == '0') return 0;
  unsigned port = 0;
  for (const char c : text) {
    if (!is_digit(c)) return 0;
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  return port <= 65535 ? static_cast<std::uint16_t>(port) : std::uint16_t{0};
}

#if defined(__SSE2__)
constexpr std::size_t quick_size_max = 16;

/// What `name_size` says, or 0 when it takes that function to know.
/// REQUIRES: sixteen bytes may be read.
std::size_t quick_name_size(std::string_view text) noexcept {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data()));
  const __m128i letter = _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
  const __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter);
  const __m128i number = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
  const __m128i is_number = _mm_cmpeq_epi8(_mm_min_epu8(number, _mm_set1_epi8(9)), number);
  const __m128i dash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-'));
  const __m128i dot = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('.'));
  const __m128i usual = _mm_or_si128(_mm_or_si128(is_letter, is_number), _mm_or_si128(dash, dot));
  const auto others = ~static_cast<unsigned>(_mm_movemask_epi8(usual));  // all ones beyond the sixteen
  const std::size_t size = std::min(static_cast<std::size_t>(std::countr_zero(others)), text.size());
  const unsigned dots = static_cast<unsigned>(_mm_movemask_epi8(dot)) & ((1U << size) - 1);
  const bool has_empty_label = (dots & 1) != 0 || (dots & dots << 1) != 0;
  return has_empty_label || (size == quick_size_max && text.size() > size) ? 0 : size;
}
#endif

}  // namespace

std::optional<authority> parse_authority(std::string_view text) noexcept {
  if (text.empty()) return std::nullopt;
  const std::size_t size = text.front() == '[' ? bracketed_size(text) : name_size(text);
  if (size == 0) return std::nullopt;
  authority parsed{text.substr(0, size), 0};
  if (size == text.size()) return parsed;
  if (text[size] != ':') return std::nullopt;
  parsed.port = port_of(text.substr(size + 1));
  if (parsed.port == 0) return std::nullopt;
  return parsed;
}

bool is_authority(std::string_view text, std::size_t readable) noexcept {
#if defined(__SSE2__)
  if (readable >= quick_size_max) {
    const std::size_t size = quick_name_size(text);
    if (size != 0 && size == text.size()) return true;
    if (size != 0 && text[size] == ':') return port_of(text.substr(size + 1)) != 0;
  }
#endif
  return parse_authority(text).has_value();
}

bool same_authority(const authority& left, const authority& right, std::uint16_t default_port) noexcept {
  const std::uint16_t left_port = left.port == 0 ? default_port : left.port;
  const std::uint16_t right_port = right.port == 0 ? default_port : right.port;
  return left_port == right_port && base::equal_ignoring_case(left.host, right.host);
}

std::string_view host_of(std::string_view authority) noexcept {
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) return authority;
  return authority.substr(0, colon);
}

}  // namespace cardea::proxy::http
