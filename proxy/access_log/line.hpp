#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cardea::proxy::access_log {

/// A line of a bounded size as it is written. Structure always fits; a value that would not leave room for others is
/// shortened, and says so with "...".
class line {
 public:
  /// Of the bytes, so many are kept for structure.
  static constexpr std::size_t structure_bytes = 768;
  /// REQUIRES: size > 2 * structure_bytes.
  line(char* to, std::size_t size) noexcept
      : begin_(to), at_(to), values_end_(to + size - structure_bytes), end_(to + size) {}

  /// As they are: what we say ourselves.
  void put(char one) noexcept {
    if (at_ < end_) *at_++ = one;
  }
  void put(std::string_view text) noexcept;
  void put_number(std::uint64_t value) noexcept;

  /// What others say, for a line of words: a byte that is no printable ASCII, and `"` and `\`, become \xHH, so that
  /// none of them ends a field or the line, or moves a cursor (L12).
  void put_word(std::string_view value) noexcept;
  /// The same as the inside of a JSON string; what is not UTF-8 becomes U+FFFD.
  void put_json(std::string_view value) noexcept;
  /// A JSON string with its quotes.
  void put_json_string(std::string_view value) noexcept {
    put('"');
    put_json(value);
    put('"');
  }

  /// Whether there is room for one more value of a list.
  [[nodiscard]] bool has_room() const noexcept { return at_ < values_end_ && values_end_ - at_ > 64; }
  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(at_ - begin_); }

 private:
  /// Where a value that begins now has to end: it may take half of what is left.
  [[nodiscard]] const char* value_end() const noexcept { return at_ < values_end_ ? at_ + (values_end_ - at_) / 2 : at_; }

  char* begin_;
  char* at_;
  char* values_end_;
  char* end_;
};

}  // namespace cardea::proxy::access_log
