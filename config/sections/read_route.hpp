#pragma once

#include "config/reader.hpp"
#include "config/sections/route.hpp"

#include <vector>

namespace cardea::config {

struct placed_route {
  route_section route;
  place where;
  bool is_sound = true;  ///< nothing was wrong with it by itself
};

/// A mapping of aliases to routes; keys that begin with `x-` are skipped. What
/// is wrong goes to the findings of `from`.
[[nodiscard]] std::vector<placed_route> read_routes(const value& from);

}  // namespace cardea::config
