#include "proxy/upstream/shared_connections.hpp"

#include "proxy/upstream/backend_connection.hpp"

#include <algorithm>

namespace cardea::proxy::upstream {
namespace {

// In the kernel beyond what is on its way, so that a request need not stand behind another one's body.
constexpr int kernel_queue_bytes = 128 * 1024;

}  // namespace

http2::client_connection* shared_connections::find_room() const noexcept {
  const auto found = std::find_if(connections_.begin(), connections_.end(),
                                  [](const http2::client_connection* each) { return each->has_room(); });
  return found == connections_.end() ? nullptr : *found;
}

std::size_t shared_connections::size() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(connections_.begin(), connections_.end(),
                    [](const http2::client_connection* each) { return !each->leaving(); }));
}

http2::client_connection* shared_connections::adopt(std::unique_ptr<backend_connection> fresh) {
  if (loop_.stopping()) return nullptr;
  loop_.spawn(drive(std::move(fresh)));
  return connections_.back();
}

net::task<void> shared_connections::drive(std::unique_ptr<backend_connection> transport) {
  ++alive_;
  net::waiter waiter(loop_);
  tls::stream& stream = transport->stream;
  stream.socket().events().target = &waiter;
  stream.socket().keep_queue_short(kernel_queue_bytes);
  const std::unique_ptr<http2::client_connection> connection(
      new http2::client_connection(stream, waiter, environment_));
  connections_.push_back(connection.get());
  // What is said first, and the request that it was made for, leave together.
  net::wake woken = co_await waiter.yield();
  while (woken != net::wake::stopping) {
    const bool more = connection->step();
    if (connection->over()) break;
    const base::tick_ms deadline = connection->deadline();
    if (more)
      woken = co_await waiter.yield();
    else
      woken = co_await waiter.wait(deadline);
  }
  connections_.erase(std::find(connections_.begin(), connections_.end(), connection.get()));
  connection->drop_streams();
  environment_.on_room(environment_.context);
  while (connection->live_streams() > 0) co_await waiter.settle();
  stream.shut_down_write();
  stream.close();
  --alive_;
}

}  // namespace cardea::proxy::upstream
