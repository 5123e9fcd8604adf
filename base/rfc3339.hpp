#pragma once

#include "base/clock.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace cardea::base {

/// "2026-11-23T20:51:53Z": UTC, whole seconds.
[[nodiscard]] std::string to_rfc3339(wall_time when);

/// Reads RFC 3339 section 5.6 with an offset and a fraction (which is dropped);
/// nothing when it is not such a time, or one that wall_time cannot hold (before 1700, after 2261).
[[nodiscard]] std::optional<wall_time> from_rfc3339(std::string_view text);

}  // namespace cardea::base
