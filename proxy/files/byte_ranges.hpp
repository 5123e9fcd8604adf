#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace cardea::proxy::files {

/// Bytes from `begin` up to, but not with, `end`; never empty.
struct byte_range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  friend bool operator==(const byte_range&, const byte_range&) = default;
};

struct range_choice {
  enum class kind : std::uint8_t { whole, parts, unsatisfiable };
  kind what = kind::whole;
  std::vector<byte_range> parts;  ///< in the order asked for; at least one with kind::parts
};

/// What a Range field asks of a representation of `size` bytes (RFC 9110 section 14.1.2). Other units than bytes, more
/// than `ranges_max` ranges, and ranges that are longer together than the whole (they overlap) are the whole: nobody
/// can ask for more bytes than there are (T15). What is not satisfiable is left out; when nothing is left, or the set
/// cannot be read, the answer is 416. An empty representation is whole.
[[nodiscard]] range_choice choose_ranges(std::string_view field, std::uint64_t size, std::size_t ranges_max);

}  // namespace cardea::proxy::files
