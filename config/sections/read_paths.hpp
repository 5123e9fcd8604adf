#pragma once

#include "config/reader.hpp"
#include "config/sections/route.hpp"

#include <vector>

namespace cardea::config {

/// A rule's own backend: a route that answers for no host, and where it is written.
struct rule_backend {
  route_section route;
  place where;
};

/// `paths`, `path_options` and `redirect` of a route. REQUIRES: the rest of it has been read; what a rule's own
/// backend does not say is as in `route`.
[[nodiscard]] std::vector<rule_backend> read_paths(mapping& keys, route_section& route);

}  // namespace cardea::config
