#pragma once

#include "config/reader.hpp"
#include "config/sections/read_inbound_mtls.hpp"
#include "config/sections/route.hpp"

#include <span>
#include <vector>

namespace cardea::config {

struct placed_route {
  route_section route;
  place where;
  bool is_sound = true;  ///< nothing was wrong with it by itself
};

/// What a route may refer to.
struct route_surroundings {
  std::span<const inbound_mtls_profile> profiles;
  bool entrypoint_has_profile = false;  ///< then a route has none of its own
  pem_source read_pem;
};

/// A mapping of aliases to routes; keys that begin with `x-` are skipped. What
/// is wrong goes to the findings of `from`.
[[nodiscard]] std::vector<placed_route> read_routes(const value& from, const route_surroundings& around);

}  // namespace cardea::config
