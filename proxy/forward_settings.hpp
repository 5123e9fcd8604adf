#pragma once

#include "base/timer_wheel.hpp"
#include "proxy/http/body_allowance.hpp"
#include "proxy/http1/client_exchange.hpp"
#include "proxy/net/buffer_pool.hpp"

namespace cardea::proxy {

/// What relaying needs of its worker. The references outlive every exchange.
struct forward_settings {
  net::buffer_pool& buffers;
  const http1::client_exchange::limits& backend;
  base::tick_ms response_head_timeout;
  base::tick_ms body_progress_timeout;
  base::tick_ms tunnel_idle_timeout;
  base::tick_ms total_timeout = 0;  ///< of the whole exchange, waiting and retries included; 0: none
  http::body_limits request_body = {};
};

}  // namespace cardea::proxy
