#include "proxy/http/content_length.hpp"

#include "proxy/http/characters.hpp"

#include <cstddef>

namespace cardea::proxy::http {
namespace {

/// More digits than any body needs, and no overflow of 64 bits.
constexpr std::size_t length_digits_max = 18;

}  // namespace

content_length parse_content_length(std::string_view value) noexcept {
  if (value.empty()) return {0, "an empty Content-Length"};
  if (value.size() > length_digits_max) return {0, "a Content-Length is too long"};
  if (value.size() > 1 && value.front() == '0') return {0, "a Content-Length with a leading zero"};
  std::uint64_t length = 0;
  for (const char c : value) {
    if (!is_digit(c)) return {0, "a Content-Length that is not a number"};
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return {length, {}};
}

}  // namespace cardea::proxy::http
