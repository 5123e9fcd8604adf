#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace cardea::proxy::http2 {

struct field_view {
  std::string_view name;
  std::string_view value;
};

/// RFC 7541 appendix A: index 1 to 61.
inline constexpr std::size_t static_field_count = 61;
/// REQUIRES: 1 <= index <= static_field_count.
[[nodiscard]] field_view static_field(std::size_t index) noexcept;
/// The first index with that name (lower case), or 0.
[[nodiscard]] std::size_t static_index_of(std::string_view name) noexcept;

/// The dynamic table of RFC 7541 section 2.3.2: newest entry first, bounded by `bytes_max` as
/// the RFC counts them (32 for each entry besides its text). Its memory grows with what it
/// holds, up to twice the bound.
class hpack_table {
 public:
  static constexpr std::size_t entry_overhead = 32;
  /// The largest table there can be.
  static constexpr std::size_t bytes_possible = 4'096;

  explicit hpack_table(std::size_t bytes_max) noexcept : bytes_max_(bytes_max) {}

  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t bytes_max() const noexcept { return bytes_max_; }
  /// REQUIRES: position < count(); 0 is the newest. Valid until the next `add`.
  [[nodiscard]] field_view at(std::size_t position) const noexcept;

  /// What does not fit an empty table empties it. The views may not point into the table.
  void add(std::string_view name, std::string_view value);
  /// REQUIRES: bytes <= bytes_possible.
  void resize(std::size_t bytes) noexcept;
  void clear() noexcept;

 private:
  struct entry {
    std::uint16_t offset;
    std::uint16_t name_size;
    std::uint16_t value_size;
  };
  static constexpr std::size_t entries_max = bytes_possible / entry_overhead;

  [[nodiscard]] const entry& nth(std::size_t position) const noexcept {
    return entries_[(first_ + entries_max - position) % entries_max];
  }
  void evict_to(std::size_t bytes) noexcept;
  void make_room(std::size_t text_bytes);

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::size_t count_ = 0;
  std::size_t first_ = 0;  ///< where the newest entry is
  std::size_t text_end_ = 0;
  std::size_t capacity_ = 0;
  std::unique_ptr<char[]> text_;
  std::unique_ptr<entry[]> entries_;
};

}  // namespace cardea::proxy::http2
