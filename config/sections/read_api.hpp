#pragma once

#include "config/reader.hpp"
#include "config/sections/api.hpp"

namespace cardea::config {

/// `from` is null when there is no such section. What is wrong goes to its findings.
[[nodiscard]] api_section read_api(const value& from);

}  // namespace cardea::config
