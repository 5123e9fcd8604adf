#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

/// The one form of a request path that rules, authentication, files and backends must
/// agree on (T07, RFC 3986 section 6.2.2). Pure functions, no allocation.
namespace cardea::proxy::http {

enum class path_error : std::uint8_t {
  none,
  not_absolute,      ///< does not begin with a slash
  malformed_escape,  ///< a `%` without two hex digits
  nul,               ///< `%00`
  backslash,         ///< a raw `\`, which some servers take for a slash
  dot_parameter,     ///< a segment like `..;x`, which some servers take for `..`
  forbidden_byte,    ///< a blank, a control byte, `#`, or a byte beyond ASCII
  too_long,          ///< `out` is smaller than the path
};

struct path_options {
  bool merges_slashes = true;  ///< `//` becomes `/`
};

struct normalised_path {
  path_error error = path_error::none;
  std::string_view path = {};   ///< in `out`; begins with a slash
  std::string_view query = {};  ///< of the input, unchanged, from the `?` on; empty without one
};

/// Unreserved characters are decoded once, the hex digits of other escapes are upper case,
/// `.` and `..` segments are removed (`..` stops at the root). `%2F` and `%5C` stay as they
/// are: they are no separators. An empty path is `/`. `out` must hold as many bytes as `raw`,
/// at least 1, and must not overlap it.
[[nodiscard]] normalised_path normalise_path(std::string_view raw, const path_options& options,
                                             std::span<char> out) noexcept;

/// The bytes that a normalised path stands for, to look up a file: all escapes decoded.
/// Nothing when that would bring in a separator or a control byte, or when `out` is
/// smaller than the path.
[[nodiscard]] std::optional<std::string_view> decode_path(std::string_view normalised,
                                                          std::span<char> out) noexcept;

}  // namespace cardea::proxy::http
