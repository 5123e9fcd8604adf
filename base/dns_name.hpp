#pragma once

#include <string>
#include <string_view>

/// Host names as RFC 1034 and RFC 6125 compare them.
namespace cardea::base {

/// Lower case, without surrounding blanks and without one trailing dot.
[[nodiscard]] std::string normalise_dns_name(std::string_view name);

/// Whether a normalised name can be the name of a certificate or a route:
/// labels of 1..63 letters, digits, hyphens and underscores, not beginning or
/// ending with a hyphen, 253 bytes at most; optionally a leading `*.` and then
/// at least two labels.
[[nodiscard]] bool is_dns_name(std::string_view name) noexcept;

[[nodiscard]] inline bool is_wildcard(std::string_view name) noexcept { return name.starts_with("*."); }

/// Everything after the first dot; empty for a single label.
[[nodiscard]] inline std::string_view parent_name(std::string_view name) noexcept {
  const auto dot = name.find('.');
  return dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
}

/// Whether `name` is `zone` or below it, by whole labels. Both normalised.
[[nodiscard]] bool is_in_zone(std::string_view name, std::string_view zone) noexcept;

}  // namespace cardea::base
