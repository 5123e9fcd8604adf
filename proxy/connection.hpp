#pragma once

#include "proxy/client_census.hpp"
#include "proxy/http/exchange.hpp"
#include "proxy/http1/server_session.hpp"
#include "proxy/http2/server_session.hpp"
#include "proxy/net/waiting_line.hpp"
#include "proxy/preface.hpp"
#include "proxy/status.hpp"
#include "proxy/stream/tcp.hpp"
#include "proxy/tls/server_context.hpp"
#include "proxy/tls/stream.hpp"

namespace cardea::proxy {

/// What connections that are passed on as bytes share, and which of them there are.
struct stream_environment {
  stream::tcp_environment tcp;
  std::shared_ptr<const stream::route_table> table;  ///< the one in force; never null
  std::size_t client_hello_bytes_max;
};

/// What a listener's connections share; outlives them.
struct connection_environment {
  net::event_loop& loop;
  tls::stream_resources& resources;
  tls::server_context* tls;  ///< null for a clear listener
  http1::session_environment session;
  http2::session_environment http2;
  base::tick_ms handshake_timeout;
  client_census& census;
  net::waiting_line& handshakes;  ///< those that are not finished, of all the worker's listeners
  std::size_t handshakes_max;     ///< beyond, the one that began first is given up (V12)
  const std::shared_ptr<const preface_policy>& preface;  ///< the one in force when a connection begins
  const stream_environment& streams;
  worker_counters& counters;
  std::uint16_t port;  ///< of the listener, for X-Forwarded-Port
};

/// The life of one client connection: preface, handshake, session, end. With TLS it may be a TCP
/// route's, by its server name.
[[nodiscard]] net::task<void> serve_connection(net::file_descriptor accepted, base::address peer,
                                               const connection_environment& environment);

/// The life of a connection to the listener of a TCP route.
[[nodiscard]] net::task<void> serve_stream(net::file_descriptor accepted, base::address peer,
                                           const connection_environment& environment, stream::shared_route route);

}  // namespace cardea::proxy
