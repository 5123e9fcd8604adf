#pragma once

#include "base/timer_wheel.hpp"
#include "config/sections/load_balance.hpp"
#include "proxy/upstream/backend.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace cardea::proxy::upstream {

/// A named group of backends and how requests are spread over them. Immutable; a route has one.
struct upstream {
  std::string name;
  std::vector<backend> backends;
  config::load_balance_section balance;
  std::string sticky_cookie;  ///< its name; empty: not sticky
  std::size_t pending_max = 1'024;       ///< requests that wait for a connection, for each worker
  base::tick_ms pending_timeout = 5'000;
  base::tick_ms connect_timeout = 0;     ///< 0: the worker's

  /// What a backend of this upstream is called in a `health_view`.
  [[nodiscard]] std::string health_key(const backend& of) const { return name + '|' + of.name(); }
};

}  // namespace cardea::proxy::upstream
