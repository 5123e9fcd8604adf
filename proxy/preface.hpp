#pragma once

#include "config/sections/entrypoint.hpp"
#include "proxy/net/buffer_pool.hpp"
#include "proxy/net/socket.hpp"
#include "proxy/net/task.hpp"
#include "proxy/net/waiting_line.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace cardea::proxy {

/// Whose PROXY header is believed, and how long one may be. Immutable while shared.
struct preface_policy {
  config::proxy_protocol_section proxy_protocol;
  std::size_t proxy_header_bytes_max = 4 * 1024;
};

/// Where a connection comes from and what it wanted to reach, as a trusted proxy in front says, or
/// else as the socket says. `destination` is empty where only the socket knows.
struct arrival {
  base::address client;
  std::optional<base::address> destination = std::nullopt;
};

/// What waiting for a client's first bytes is bound by.
class first_bytes_deadline {
 public:
  first_bytes_deadline(net::event_loop& loop, base::tick_ms timeout, const bool& draining) noexcept
      : loop_(loop), draining_(draining), deadline_(loop.now() + timeout) {}
  /// For the next wait. Whoever has not begun when a drain begins must not use up the grace of those
  /// who are served.
  [[nodiscard]] base::tick_ms next() noexcept;

 private:
  net::event_loop& loop_;
  const bool& draining_;
  base::tick_ms deadline_;
};

/// Takes the PROXY header, and not a byte more, off a connection whose watch signals `waiter`.
/// Nothing when the connection has to be closed: `refusal` says why.
///
/// A peer that is not trusted is never parsed (T14). References outlive the call.
[[nodiscard]] net::task<std::optional<arrival>> receive_arrival(net::socket& socket, net::waiter& waiter,
                                                                base::address peer, const preface_policy& policy,
                                                                net::buffer_pool& buffers,
                                                                first_bytes_deadline& deadline,
                                                                std::string_view& refusal);

/// How far a connection's first bytes are a ClientHello.
struct hello_outcome {
  bool alive = false;            ///< false: ended, too slow, or dismissed
  std::string server_name = {};  ///< empty: none, not TLS, or beyond `bytes_max`
};

/// Looks at the ClientHello and leaves all its bytes where they are (V10).
[[nodiscard]] net::task<hello_outcome> peek_server_name(net::socket& socket, net::waiter& waiter,
                                                        net::buffer_pool& buffers, std::size_t bytes_max,
                                                        const net::waiting_line::place& here,
                                                        first_bytes_deadline& deadline);

}  // namespace cardea::proxy
