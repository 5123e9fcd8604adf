#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace cardea::base {

/// How long a Retry-After field asks to wait (RFC 9110 section 10.2.3: seconds
/// or a date), between 0 and 24 hours; nothing when absent or unreadable.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(std::string_view value, wall_time now);

}  // namespace cardea::base
