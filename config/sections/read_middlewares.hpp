#pragma once

#include "config/reader.hpp"
#include "config/sections/middleware.hpp"

#include <vector>

namespace cardea::config {

/// A route's: a mapping of names to options, passed by `priority` (ascending) and among equals in the order that
/// makes sense of them: who it is, whether he may, what changes.
[[nodiscard]] std::vector<middleware_section> read_route_middlewares(const value& from);

/// The entrypoint's: a list of `{use: name, ...}`, passed as written.
[[nodiscard]] std::vector<middleware_section> read_entrypoint_middlewares(const value& from);

}  // namespace cardea::config
