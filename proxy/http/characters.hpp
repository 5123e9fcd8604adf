#pragma once

#include <array>
#include <cstdint>
#include <string_view>

/// The character classes of RFC 9110 and RFC 3986, one table for all of them.
namespace cardea::proxy::http {

namespace characters {

inline constexpr std::uint8_t token = 1;       ///< tchar, RFC 9110 section 5.6.2
inline constexpr std::uint8_t unreserved = 2;  ///< RFC 3986 section 2.3
inline constexpr std::uint8_t digit = 4;
inline constexpr std::uint8_t hex = 8;
inline constexpr std::uint8_t text = 16;  ///< allowed in a field value: HTAB, SP, VCHAR, obs-text

constexpr void mark(std::array<std::uint8_t, 256>& table, std::string_view members, std::uint8_t as) {
  for (const char c : members) table[static_cast<unsigned char>(c)] |= as;
}

constexpr std::array<std::uint8_t, 256> make_table() {
  std::array<std::uint8_t, 256> table{};
  constexpr std::string_view alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  mark(table, alphanumeric, token | unreserved);
  mark(table, "!#$%&'*+-.^_`|~", token);
  mark(table, "-._~", unreserved);
  mark(table, "0123456789", digit | hex);
  mark(table, "abcdefABCDEF", hex);
  mark(table, "\t ", text);
  for (unsigned c = 0x21; c < 0x100; ++c)
    if (c != 0x7f) table[c] |= text;
  return table;
}

inline constexpr std::array<std::uint8_t, 256> table = make_table();

[[nodiscard]] constexpr bool in(char c, std::uint8_t kind) noexcept {
  return (table[static_cast<unsigned char>(c)] & kind) != 0;
}

}  // namespace characters

[[nodiscard]] constexpr bool is_token(char c) noexcept { return characters::in(c, characters::token); }
[[nodiscard]] constexpr bool is_unreserved(char c) noexcept {
  return characters::in(c, characters::unreserved);
}
[[nodiscard]] constexpr bool is_digit(char c) noexcept { return characters::in(c, characters::digit); }
[[nodiscard]] constexpr bool is_hex(char c) noexcept { return characters::in(c, characters::hex); }
[[nodiscard]] constexpr bool is_text(char c) noexcept { return characters::in(c, characters::text); }
[[nodiscard]] constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

/// REQUIRES: is_hex(c).
[[nodiscard]] constexpr unsigned hex_value(char c) noexcept {
  const unsigned byte = static_cast<unsigned char>(c);
  return byte <= '9' ? byte - '0' : (byte | 0x20U) - 'a' + 10;
}

}  // namespace cardea::proxy::http
