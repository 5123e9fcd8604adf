#pragma once

#include "proxy/tls/stream.hpp"

namespace cardea::proxy::upstream {

class pool;

/// A connection to a backend: leased to one exchange, idle in its pool, or shared.
struct backend_connection {
  backend_connection(net::event_loop& loop, tls::stream_resources& resources) noexcept : stream(loop, resources) {}

  tls::stream stream;
  pool* home = nullptr;
  base::tick_ms idle_since = 0;
};

}  // namespace cardea::proxy::upstream
