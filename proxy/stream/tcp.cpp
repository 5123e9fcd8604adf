#include "proxy/stream/tcp.hpp"

#include "base/log.hpp"
#include "proxy/net/proxy_protocol.hpp"

#include <sys/uio.h>

#include <string_view>
#include <utility>

namespace cardea::proxy::stream {
namespace {

// A backend that fails fails for many: one line a second for each worker is enough to know.
void tell(const route& of, std::string_view reason, base::tick_ms now) {
  thread_local base::tick_ms quiet_until = 0;
  thread_local unsigned untold = 0;
  if (now < quiet_until) {
    ++untold;
    return;
  }
  quiet_until = now + 1'000;
  const base::logger log("tcp");
  log.warn("backend failed", {{"route", of.name},
                              {"backend", of.backend},
                              {"reason", reason},
                              {"others", std::exchange(untold, 0)}});
}

// Empty once connected, else why not.
net::task<std::string_view> connect(net::socket& socket, const base::address& where, net::waiter& waiter,
                                    base::tick_ms timeout) {
  if (!socket.connect(where)) co_return "the backend cannot be reached";
  net::watch& events = socket.events();
  events.target = &waiter;
  const base::tick_ms deadline = waiter.loop().now() + timeout;
  while (!events.writable && !events.broken) {
    const net::wake woken = co_await waiter.wait(deadline);
    if (woken != net::wake::ready) co_return "the backend did not accept in time";
  }
  co_return socket.connect_error() == 0 ? std::string_view() : "the backend refused the connection";
}

// The header is the connection's first bytes: a fresh socket takes it whole.
bool send_proxy_header(net::socket& socket, const client_ends& ends) noexcept {
  const net::proxy_header_text header = net::make_proxy_header(ends.client, ends.server);
  const iovec piece{const_cast<char*>(header.data.data()), header.size};
  const net::io_result sent = socket.write(&piece, 1);
  return sent.state == net::io::done && sent.bytes == header.size;
}

void abort(tls::stream& side) noexcept {
  if (side.socket().is_open()) side.socket().reset_on_close();
  side.close();
}

}  // namespace

net::task<void> serve_tcp(tls::stream& client, net::waiter& waiter, client_ends ends, shared_route to,
                          const tcp_environment& environment) {
  std::string_view failure = "the route has no address to go to";
  for (const base::address& where : to->addresses) {
    tls::stream backend(environment.loop, environment.resources);
    failure = co_await connect(backend.socket(), where, waiter, environment.limits.connect_timeout);
    if (environment.loop.stopping()) break;
    if (!failure.empty()) continue;
    if (to->relays_proxy_header && !send_proxy_header(backend.socket(), ends)) {
      failure = "the backend did not take the PROXY header";
      continue;
    }
    const relay_end end =
        co_await relay(client, backend, waiter, environment.relaying, environment.limits.idle_timeout);
    if (end == relay_end::orderly) {
      backend.close();
      client.close();
    } else {
      abort(backend);
      abort(client);
    }
    co_return;
  }
  if (!environment.loop.stopping()) tell(*to, failure, environment.loop.now());
  abort(client);
}

}  // namespace cardea::proxy::stream
