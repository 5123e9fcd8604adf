#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Text without locale: every function treats bytes as ASCII.
namespace cardea::base {

[[nodiscard]] constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] bool equal_ignoring_case(std::string_view left, std::string_view right) noexcept;
/// Without blanks (SP, HTAB, CR, LF) at both ends.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

/// RFC 4648 section 5, without padding.
[[nodiscard]] std::string base64url(std::span<const unsigned char> bytes);
[[nodiscard]] std::string base64url(std::string_view bytes);
/// Accepts the url and the standard alphabet, with or without padding; nothing when a byte is outside them.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);
/// RFC 4648 section 4, with padding.
[[nodiscard]] std::string base64(std::string_view bytes);
[[nodiscard]] std::string hex(std::span<const unsigned char> bytes);
[[nodiscard]] std::string hex(std::string_view bytes);
/// RFC 3986 section 2.1: all but letters, digits, `-`, `.`, `_` and `~` as %XX.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// The candidate nearest to `word` by edit distance, for "did you mean"; nothing
/// when none is near enough (more than a third of the word's length, at least 2).
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      std::span<const std::string_view> candidates);

}  // namespace cardea::base
