#pragma once

#include "proxy/upstream/pool.hpp"
#include "proxy/upstream/record.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace cardea::proxy::upstream {

/// One worker's part in a backend of one upstream: its connections, what it knows of its conduct, and how much is
/// under way there. Stays when a configuration is reloaded, for as long as the backend is the same.
struct member {
  member(net::event_loop& loop, tls::stream_resources& resources, tls::backend_context& tls,
         const pool_limits& limits, const backend& to, const config::load_balance_section& rules)
      : connections(loop, resources, tls, limits, to), conduct(rules) {}

  /// Whether one more request may go there without crossing the limit of connections.
  [[nodiscard]] bool has_room() const noexcept { return active < active_max; }
  [[nodiscard]] bool resolved() const noexcept { return !connections.to().addresses.empty(); }

  pool connections;
  record conduct;
  std::string health_key;
  std::size_t active = 0;  ///< requests and tunnels under way
  std::size_t active_max = static_cast<std::size_t>(-1);  ///< this worker's part of the limit
};

}  // namespace cardea::proxy::upstream
