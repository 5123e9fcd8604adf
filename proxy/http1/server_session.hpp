#pragma once

#include "proxy/http/exchange.hpp"
#include "proxy/http1/chunked_decoder.hpp"
#include "proxy/http1/request_parser.hpp"
#include "proxy/net/buffer_pool.hpp"
#include "proxy/net/waiting_line.hpp"
#include "proxy/tls/stream.hpp"

#include <limits>

namespace cardea::proxy::http1 {

struct session_limits {
  head_limits head;
  chunked_limits chunked;
  base::tick_ms request_head_timeout = 10'000;
  base::tick_ms keep_alive_timeout = 75'000;
  base::tick_ms body_progress_timeout = 60'000;
  std::size_t linger_bytes_max =
      256 * 1024;  ///< read and thrown away after a final answer, so that it is not lost in a reset
  base::tick_ms linger_timeout = 2'000;
  std::size_t buffer_bytes_max = std::numeric_limits<std::size_t>::max();  ///< of the whole pool (L09)
};

/// What a worker lends to its sessions; outlives them.
struct session_environment {
  net::buffer_pool& buffers;
  net::waiting_line& waiting;  ///< who waits for a request, or for the rest of its head
  http::handler& handler;
  const session_limits& limits;
  const bool& draining;  ///< true: finish the exchange in hand, announce the close, take no more
  /// While draining: so long a client that is silent may still ask, once. A request that is on its way when an
  /// idle connection is closed is lost for clients that do not repeat it.
  const base::tick_ms& idle_until = at_once;

  static constexpr base::tick_ms at_once = 0;
};

/// Serves HTTP/1.x on a stream until either side ends it; closes the stream.
[[nodiscard]] net::task<void> serve_http1(tls::stream& stream, net::waiter& waiter,
                                          const http::client_info& client,
                                          const session_environment& environment);

/// Sends a whole small answer and ends the connection in an orderly way: the
/// answer to a request that was refused before it became an exchange.
[[nodiscard]] net::task<void> refuse(tls::stream& stream, net::waiter& waiter,
                                     const session_environment& environment, std::uint16_t status);

}  // namespace cardea::proxy::http1
