#pragma once

#include "proxy/http/exchange.hpp"
#include "proxy/http/failure.hpp"
#include "proxy/http1/client_exchange.hpp"
#include "proxy/upstream/pool.hpp"

namespace cardea::proxy {

struct forward_settings {
  net::buffer_pool& buffers;
  const http1::client_exchange::limits& backend;
  base::tick_ms response_head_timeout;
  base::tick_ms body_progress_timeout;
  base::tick_ms tunnel_idle_timeout;
};

/// Relays one exchange to a backend: both bodies at once, with back-pressure;
/// ends with a complete response, an error page or an abort.
///
/// A reused connection that dies before the first byte of an answer is retried
/// once on a fresh one when the request may be repeated (U02).
/// REQUIRES: request and pool outlive the task.
[[nodiscard]] net::task<void> forward(http::exchange& request, upstream::pool& pool, forward_settings settings);

}  // namespace cardea::proxy
