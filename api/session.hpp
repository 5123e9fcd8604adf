#pragma once

#include "api/session_context.hpp"
#include "base/async.hpp"

namespace cardea::api {

/// Serves one accepted connection to its end: requests one after the other, or a WebSocket.
[[nodiscard]] base::awaitable<void> serve(base::tcp_socket socket, session_context& shared);

}  // namespace cardea::api
