#pragma once

#include "config/sections/route.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace cardea::proxy::health {

/// A backend of a route and how it is checked.
struct target {
  std::string route;  ///< the alias
  std::string host;
  std::uint16_t port = 80;
  bool tls = false;
  config::backend_tls_section tls_options;  ///< as for requests: what they could not use is not healthy
  config::health_plan plan;

  /// host:port, as `upstream::backend::name`.
  [[nodiscard]] std::string name() const;
  /// As `upstream::upstream::health_key`.
  [[nodiscard]] std::string key() const;

  friend bool operator==(const target&, const target&) = default;
};

/// All backends of all routes, in order; those whose plan is not enabled too, because the API names them.
[[nodiscard]] std::vector<target> targets_of(const std::vector<config::route_section>& routes);

}  // namespace cardea::proxy::health
