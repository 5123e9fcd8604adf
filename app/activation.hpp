#pragma once

#include "app/hand_over.hpp"
#include "base/error.hpp"
#include "base/supervisor.hpp"
#include "proxy/net/listening_sockets.hpp"

#include <string>
#include <vector>

namespace cardea::app {

/// Sockets of the service manager, by where they are bound. The error names the first that is no listening socket
/// of TCP and no bound one of UDP; all are closed then.
[[nodiscard]] base::result<std::vector<proxy::net::listening_sockets::entry>> sort_activated(
    const std::vector<base::activated_socket>& sockets);

/// Gives each to who listens there: to the API (by `api_addr`), or leaves it among those of the listeners. An error that
/// names the socket when nobody wants it: a socket that nobody reads would let clients wait for ever.
[[nodiscard]] base::result<void> assign_activated(std::vector<proxy::net::listening_sockets::entry> sockets,
                                                  const std::vector<proxy::net::endpoint>& wanted,
                                                  const std::string& api_addr, inheritance& into);

}  // namespace cardea::app
