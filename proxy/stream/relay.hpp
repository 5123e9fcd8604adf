#pragma once

#include "proxy/net/buffer_pool.hpp"
#include "proxy/net/event_loop.hpp"
#include "proxy/net/pipe_pool.hpp"
#include "proxy/net/task.hpp"
#include "proxy/tls/stream.hpp"

#include <cstdint>

namespace cardea::proxy::stream {

/// What a relay borrows from its worker; outlives it.
struct relay_resources {
  net::buffer_pool& buffers;
  net::pipe_pool& pipes;
};

enum class relay_end : std::uint8_t {
  orderly,  ///< both sides ended, and each got the other's last byte
  broken,   ///< one side was reset: what the other got is not complete
  idle,     ///< nothing moved for too long
  stopped,  ///< the worker ends
};

/// Moves bytes both ways between two streams that signal `waiter`, until both directions ended; passes
/// each end on as soon as all before it has left (U08). Holds at most one buffer or pipe for each
/// direction, and none while nothing moves. Between streams without TLS, bulk goes through pipes.
/// Closes neither.
[[nodiscard]] net::task<relay_end> relay(tls::stream& client, tls::stream& backend, net::waiter& waiter,
                                         relay_resources resources, base::tick_ms idle_timeout);

}  // namespace cardea::proxy::stream
