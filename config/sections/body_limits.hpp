#pragma once

#include <cstddef>

namespace cardea::config {

/// What a limit on request bodies may be, for the entrypoint and for a route.
inline constexpr std::size_t body_bytes_max = std::size_t{1} << 50U;
inline constexpr std::size_t body_rate_max = std::size_t{1} << 30U;

}  // namespace cardea::config
