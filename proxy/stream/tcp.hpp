#pragma once

#include "proxy/stream/relay.hpp"
#include "proxy/stream/route_table.hpp"

namespace cardea::proxy::stream {

struct tcp_limits {
  base::tick_ms connect_timeout = 5'000;      ///< for each address
  base::tick_ms idle_timeout = 60 * 60'000;  ///< without a byte either way
};

/// What the TCP connections of one worker share; outlives them.
struct tcp_environment {
  net::event_loop& loop;
  tls::stream_resources& resources;
  relay_resources relaying;
  tcp_limits limits;
};

/// The two ends of a client's connection as the backend is told of them.
struct client_ends {
  base::address client;
  base::address server;
};

/// Passes a client's connection on to the route's backend, the first address that answers, until both
/// ended; closes the client's. A connection that could not be served in full is reset, so that nothing
/// cut short passes for complete. `waiter` is signalled by the client's socket; TLS, where it ends
/// here, is done.
[[nodiscard]] net::task<void> serve_tcp(tls::stream& client, net::waiter& waiter, client_ends ends, shared_route to,
                                        const tcp_environment& environment);

}  // namespace cardea::proxy::stream
