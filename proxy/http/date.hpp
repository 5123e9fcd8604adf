#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

/// HTTP's dates (RFC 9110 section 5.6.7), without locale and without an allocation.
namespace cardea::proxy::http {

/// "Sun, 06 Nov 1994 08:49:37 GMT".
struct date_text {
  std::array<char, 29> text;
  [[nodiscard]] std::string_view view() const noexcept { return {text.data(), text.size()}; }
};

/// Seconds since 1970 as IMF-fixdate; what lies outside of the years 0 to 9999 becomes the nearest of them.
[[nodiscard]] date_text format_date(std::int64_t seconds) noexcept;

/// Any of the three forms; nothing for another one, or for a day that does not exist. `now` (seconds since 1970)
/// decides which century a year of two digits means.
[[nodiscard]] std::optional<std::int64_t> parse_date(std::string_view text, std::int64_t now) noexcept;

}  // namespace cardea::proxy::http
