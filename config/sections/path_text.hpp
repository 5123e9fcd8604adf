#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Paths as they are written in a configuration. Pure functions.
namespace cardea::config {

/// Why `path` is not in the form in which requests are compared: from a slash on, no dot segments, no `//` (unless
/// slashes are kept), only escapes that are needed, in capitals. Empty when it is.
[[nodiscard]] std::string why_no_path(std::string_view path, bool merge_slashes);

/// What stands between the slashes: "/a/" has "a" and "". REQUIRES: `path` begins with a slash.
[[nodiscard]] std::vector<std::string_view> segments_of(std::string_view path);

/// Letters, digits and `_`.
[[nodiscard]] bool is_parameter_name(std::string_view text);
/// A token without small letters, at most 32 bytes; not CONNECT, which has no path.
[[nodiscard]] bool is_method(std::string_view text);

}  // namespace cardea::config
