#include "proxy/access_log/line.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace cardea::proxy::access_log {
namespace {

constexpr std::string_view cut_mark = "...";
constexpr std::string_view replacement = "\xef\xbf\xbd";
constexpr std::size_t widest = 6;  // \u00XX

constexpr char digit(unsigned value) noexcept { return "0123456789ABCDEF"[value & 15U]; }

// What words and JSON strings hold as it is. Both escape the same ASCII.
constexpr std::array<bool, 256> plain = [] {
  std::array<bool, 256> out{};
  for (unsigned byte = 0x20; byte < 0x7f; ++byte) out[byte] = byte != '"' && byte != '\\';
  return out;
}();

std::size_t plain_prefix(std::string_view text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && plain[static_cast<unsigned char>(text[size])]) ++size;
  return size;
}

// The length of the UTF-8 sequence (RFC 3629) at the begin of the text; 0 when there is none.
std::size_t sequence_length(std::string_view text) noexcept {
  const auto at = [&](std::size_t index) {
    return index < text.size() ? static_cast<unsigned char>(text[index]) : static_cast<unsigned char>(0);
  };
  const auto follows = [&](std::size_t index) { return (at(index) & 0xc0U) == 0x80U; };
  const unsigned char first = at(0);
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool overlong = first == 0xe0 && at(1) < 0xa0;
    const bool surrogate = first == 0xed && at(1) > 0x9f;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool overlong = first == 0xf0 && at(1) < 0x90;
    const bool beyond = first == 0xf4 && at(1) > 0x8f;
    return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

}  // namespace

void line::put(std::string_view text) noexcept {
  const std::size_t size = std::min(text.size(), static_cast<std::size_t>(end_ - at_));
  if (size > 0) std::memcpy(at_, text.data(), size);
  at_ += size;
}

void line::put_number(std::uint64_t value) noexcept {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  put(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

void line::put_word(std::string_view value) noexcept {
  const char* const until = value_end();
  while (!value.empty()) {
    const auto room = static_cast<std::size_t>(std::max<std::ptrdiff_t>(until - at_, 0));
    const std::size_t size = std::min(plain_prefix(value), room);
    put(value.substr(0, size));
    value.remove_prefix(size);
    if (value.empty()) return;
    if (until - at_ < static_cast<std::ptrdiff_t>(widest)) return put(cut_mark);
    if (plain[static_cast<unsigned char>(value.front())]) continue;
    const auto byte = static_cast<unsigned char>(value.front());
    put("\\x");
    put(digit(byte >> 4U));
    put(digit(byte));
    value.remove_prefix(1);
  }
}

void line::put_json(std::string_view value) noexcept {
  const char* const until = value_end();
  while (!value.empty()) {
    const auto room = static_cast<std::size_t>(std::max<std::ptrdiff_t>(until - at_, 0));
    const std::size_t size = std::min(plain_prefix(value), room);
    put(value.substr(0, size));
    value.remove_prefix(size);
    if (value.empty()) return;
    if (until - at_ < static_cast<std::ptrdiff_t>(widest)) return put(cut_mark);
    const auto byte = static_cast<unsigned char>(value.front());
    if (plain[byte]) continue;
    const std::size_t sequence = sequence_length(value);
    if (byte == '"' || byte == '\\') {
      put('\\');
      put(value.front());
    } else if (byte < 0x20 || byte == 0x7f) {
      put("\\u00");
      put(digit(byte >> 4U));
      put(digit(byte));
    } else {
      put(sequence == 0 ? replacement : value.substr(0, sequence));
    }
    value.remove_prefix(std::max<std::size_t>(sequence, 1));
  }
}

}  // namespace cardea::proxy::access_log
