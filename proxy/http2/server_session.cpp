#include "proxy/http2/server_session.hpp"

#include <memory>
#include <optional>

namespace cardea::proxy::http2 {
namespace {

// In the kernel beyond what is on its way; with as much in our own output that is what an urgent answer waits for.
constexpr int kernel_queue_bytes = 128 * 1024;

// Reads what the client still sends, so that a reset does not destroy the GOAWAY on its way.
net::task<void> linger(tls::stream& stream, net::waiter& waiter, const session_environment& environment) {
  const base::tick_ms deadline = waiter.loop().now() + environment.limits.linger_timeout;
  stream.shut_down_write();
  net::buffer waste = environment.buffers.take();
  std::size_t read = 0;
  while (read < environment.limits.linger_bytes_max) {
    const net::io_result got = stream.read(waste.data(), net::buffer_pool::buffer_bytes);
    read += got.bytes;
    if (got.state == net::io::done) continue;
    if (got.state != net::io::blocked) co_return;
    if (co_await waiter.wait(deadline) != net::wake::ready) co_return;
  }
}

}  // namespace

net::task<bool> serve_http2(tls::stream& stream, net::waiter& waiter, const http::client_info& client,
                            const session_environment& environment) {
  stream.socket().keep_queue_short(kernel_queue_bytes);
  const std::unique_ptr<server_connection> connection(
      new server_connection(stream, waiter, client, environment));
  std::optional<net::waiting_line::place> here;
  while (true) {
    if (here && here->dismissed()) connection->send_away();
    const bool more = connection->step();
    if (connection->over()) break;
    if (connection->live_streams() > 0)
      here.reset();
    else if (!here)
      here.emplace(environment.waiting, waiter);
    const base::tick_ms deadline = connection->deadline();
    net::wake woken = net::wake::ready;
    if (more)
      woken = co_await waiter.yield();
    else
      woken = co_await waiter.wait(deadline);
    if (woken == net::wake::stopping) break;
  }
  connection->drop_streams();
  while (connection->live_streams() > 0) co_await waiter.settle();
  const bool dismissed = here && here->dismissed();
  here.reset();
  if (connection->may_end_in_order() && !dismissed) co_await linger(stream, waiter, environment);
  stream.close();
  co_return connection->calmed();
}

}  // namespace cardea::proxy::http2
