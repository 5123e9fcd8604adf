#pragma once

#include "proxy/forward_settings.hpp"
#include "proxy/http/exchange.hpp"
#include "proxy/upstream/pool.hpp"

namespace cardea::proxy {

/// Relays one exchange to a backend: both bodies at once, with back-pressure;
/// ends with a complete response, an error page or an abort.
///
/// A reused connection that dies before the first byte of an answer is retried
/// once on a fresh one when the request may be repeated (U02).
/// REQUIRES: request and pool outlive the task.
[[nodiscard]] net::task<void> forward(http::exchange& request, upstream::pool& pool,
                                      forward_settings settings);

}  // namespace cardea::proxy
