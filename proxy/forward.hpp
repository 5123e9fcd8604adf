#pragma once

#include "proxy/forward_settings.hpp"
#include "proxy/http/exchange.hpp"
#include "proxy/upstream/group.hpp"

namespace cardea::proxy {

/// Relays one exchange to a backend of a group: both bodies at once, with back-pressure;
/// ends with a complete response, an error page or an abort.
///
/// A reused connection that dies before the first byte of an answer is retried once on a fresh one when the
/// request may be repeated (U02). A backend that cannot be reached, or dies in the same way on a fresh connection,
/// is replaced by another one of the group while its retries and the budget last (U01, U11).
/// REQUIRES: request and group outlive the task.
[[nodiscard]] net::task<void> forward(http::exchange& request, upstream::group& to, forward_settings settings);

}  // namespace cardea::proxy
