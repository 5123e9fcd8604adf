#include "proxy/files/byte_ranges.hpp"

#include "base/text.hpp"
#include "proxy/http/characters.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace cardea::proxy::files {
namespace {

using kind = range_choice::kind;

constexpr std::string_view unit = "bytes=";

// What is too long for a number is beyond every file.
std::optional<std::uint64_t> parse_position(std::string_view digits) noexcept {
  constexpr std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
  if (digits.empty()) return std::nullopt;
  std::uint64_t out = 0;
  for (const char c : digits) {
    if (!http::is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    out = out > (max - digit) / 10 ? max : out * 10 + digit;
  }
  return out;
}

/// An empty one is not satisfiable; nothing is not readable.
std::optional<byte_range> parse_range(std::string_view text, std::uint64_t size) noexcept {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view first = text.substr(0, dash);
  const std::string_view last = text.substr(dash + 1);
  if (first.empty()) {
    const auto length = parse_position(last);
    if (!length) return std::nullopt;
    return byte_range{size - std::min(*length, size), size};
  }
  const auto begin = parse_position(first);
  if (!begin) return std::nullopt;
  if (last.empty()) return byte_range{std::min(*begin, size), size};
  const auto end = parse_position(last);
  if (!end || *end < *begin) return std::nullopt;
  return byte_range{std::min(*begin, size), *end >= size ? size : *end + 1};
}

}  // namespace

range_choice choose_ranges(std::string_view field, std::uint64_t size, std::size_t ranges_max) {
  const std::string_view named = field.substr(0, unit.size());
  // Clients that always ask for ranges get an empty file like any other, as from other servers.
  if (ranges_max == 0 || size == 0 || !base::equal_ignoring_case(named, unit)) return {};
  std::string_view set = field.substr(unit.size());
  range_choice out{kind::unsatisfiable, {}};
  std::size_t count = 0;
  std::uint64_t total = 0;
  while (!set.empty()) {
    const std::size_t comma = std::min(set.find(','), set.size());
    const std::string_view element = base::trim(set.substr(0, comma));
    set.remove_prefix(std::min(comma + 1, set.size()));
    if (element.empty()) continue;
    if (++count > ranges_max) return {};
    const auto range = parse_range(element, size);
    if (!range) return {kind::unsatisfiable, {}};
    if (range->begin >= range->end) continue;
    const std::uint64_t length = range->end - range->begin;
    if (length > size - total) return {};
    total += length;
    out.parts.push_back(*range);
  }
  if (!out.parts.empty()) out.what = kind::parts;
  return out;
}

}  // namespace cardea::proxy::files
