#pragma once

#include "config/reader.hpp"
#include "config/sections/entrypoint.hpp"

namespace cardea::config {

/// `from` is null when there is no such section. What is wrong goes to its
/// findings; what is returned is complete only when nothing did.
[[nodiscard]] entrypoint_section read_entrypoint(const value& from);

}  // namespace cardea::config
