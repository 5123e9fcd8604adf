#pragma once

#include "proxy/http/header_table.hpp"
#include "proxy/http1/scan.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cardea::proxy::http1 {

/// How far the lines of a head have been read. Offsets from the buffer's begin.
struct line_position {
  std::size_t begin = 0;    ///< the first byte that is not part of a complete line
  std::size_t scanned = 0;  ///< where to go on within the line
  std::size_t colon = 0;    ///< of the line; 0: not found yet
};

enum class line_outcome : std::uint8_t { need_more, field, end_of_head, malformed };

/// What http::field can hold.
inline constexpr std::size_t name_size_max = 0xffff;

/// Why the line that does not go on at `at` is malformed. Static text.
[[nodiscard]] std::string_view why_malformed(const char* data, line_position position,
                                             std::size_t at) noexcept;

/// Reads the next field line or the empty line, strictly (RFC 9112 section 5): no
/// folding, no bare CR or LF, no blank before the colon, no control bytes. Whether and
/// why a line is malformed depends on its bytes only, not on how they were split.
///
/// `field`: `line` is set but for its identity, `position` is at the next line.
/// `malformed`: `why` is set. Inlined, so that the position may stay in registers.
[[nodiscard, gnu::always_inline]] inline line_outcome read_field_line(const char* data, std::size_t size,
                                                                      line_position& position,
                                                                      http::field& line,
                                                                      std::string_view& why) noexcept {
  std::size_t at = position.scanned;
  if (position.colon == 0) {
    at = find_token_end(data, at, size);
    if (at == size) {
      position.scanned = at;
      return line_outcome::need_more;
    }
    if (data[at] != ':' || at == position.begin) {
      if (at == position.begin && data[at] == '\r') {
        if (at + 1 == size) return line_outcome::need_more;
        if (data[at + 1] == '\n') {
          position = {at + 2, at + 2, 0};
          return line_outcome::end_of_head;
        }
      }
      why = why_malformed(data, position, at);
      return line_outcome::malformed;
    }
    if (at - position.begin > name_size_max) {
      why = "a field name is too long";
      return line_outcome::malformed;
    }
    position.colon = at++;
  }
  at = find_value_end(data, at, size);
  if (size - at < 2) {
    position.scanned = at;
    if (at == size || data[at] == '\r') return line_outcome::need_more;
  }
  if (data[at] != '\r' || data[at + 1] != '\n') {
    why = why_malformed(data, position, at);
    return line_outcome::malformed;
  }
  // Within a value only blanks are below 0x21.
  const auto is_blank = [data](std::size_t i) { return static_cast<unsigned char>(data[i]) <= ' '; };
  std::size_t value = position.colon + 1;
  std::size_t end = at;
  while (value < end && is_blank(value)) ++value;
  while (end > value && is_blank(end - 1)) --end;
  line.name_offset = static_cast<std::uint32_t>(position.begin);
  line.name_size = static_cast<std::uint16_t>(position.colon - position.begin);
  line.value_offset = static_cast<std::uint32_t>(value);
  line.value_size = static_cast<std::uint32_t>(end - value);
  position = {at + 2, at + 2, 0};
  return line_outcome::field;
}

}  // namespace cardea::proxy::http1
