#pragma once

#include "config/reader.hpp"
#include "config/sections/healthcheck.hpp"

namespace cardea::config {

/// GoDoxy's `healthcheck` and `defaults.healthcheck`, and our `type`.
[[nodiscard]] healthcheck_section read_healthcheck(const value& from);

}  // namespace cardea::config
