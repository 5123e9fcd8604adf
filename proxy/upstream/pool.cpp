#include "proxy/upstream/pool.hpp"

#include <algorithm>

namespace cardea::proxy::upstream {
namespace {

using http::failure;
using http::failure_kind;
using http::side;

constexpr failure no_failure{failure_kind::client_gone, side::internal, 0, {}};

bool failed(const failure& outcome) noexcept { return !outcome.reason.empty(); }

}  // namespace

void lease::give_back() noexcept {
  pool* home = connection_->home;
  home->put(std::move(connection_));
}

pool::pool(net::event_loop& loop, tls::stream_resources& resources, tls::backend_context& tls,
           const pool_limits& limits, backend to)
    : loop_(loop), resources_(resources), tls_(tls), limits_(limits), to_(std::move(to)) {
  idle_.reserve(limits.idle_max);
}

net::task<pool::outcome> pool::acquire(net::waiter& waiter, bool fresh) {
  if (!fresh && !idle_.empty()) {
    std::unique_ptr<backend_connection> connection = std::move(idle_.back());
    idle_.pop_back();
    net::watch& events = connection->stream.socket().events();
    events.target = &waiter;
    events.on_idle = nullptr;
    co_return outcome{lease(std::move(connection), true)};
  }
  failure last{failure_kind::no_backend, side::backend, 0, "the route has no address to go to"};
  for (const base::address& where : to_.addresses) {
    auto connection = std::make_unique<backend_connection>(loop_, resources_);
    connection->home = this;
    last = co_await connect(*connection, where, waiter);
    if (!failed(last)) co_return outcome{lease(std::move(connection), false)};
    if (loop_.stopping()) break;
  }
  co_return outcome{std::nullopt, last};
}

net::task<failure> pool::connect(backend_connection& connection, const base::address& where, net::waiter& waiter) {
  tls::stream& stream = connection.stream;
  if (!stream.socket().connect(where))
    co_return failure{failure_kind::connect_refused, side::backend, 0, "the backend cannot be reached"};
  net::watch& events = stream.socket().events();
  events.target = &waiter;
  const base::tick_ms deadline = loop_.now() + limits_.connect_timeout;
  while (!events.writable && !events.broken) {
    const net::wake woken = co_await waiter.wait(deadline);
    if (woken != net::wake::ready)
      co_return failure{failure_kind::connect_timed_out, side::backend, 0, "the backend did not accept in time"};
  }
  if (stream.socket().connect_error() != 0)
    co_return failure{failure_kind::connect_refused, side::backend, 0, "the backend refused the connection"};
  if (!to_.tls) co_return no_failure;

  tls::ssl_ptr session = tls_.make_session(to_.tls_options);
  if (!session)
    co_return failure{failure_kind::backend_tls_failed, side::internal, 0, "no TLS session for the backend"};
  stream.start_tls(std::move(session));
  while (true) {
    const net::io state = stream.handshake();
    if (state == net::io::done) co_return no_failure;
    if (state != net::io::blocked)
      co_return failure{failure_kind::backend_tls_failed, side::backend, 0, "the TLS handshake with the backend failed"};
    if (co_await waiter.wait(deadline) != net::wake::ready)
      co_return failure{failure_kind::connect_timed_out, side::backend, 0, "the TLS handshake took too long"};
  }
}

void pool::put(std::unique_ptr<backend_connection> connection) noexcept {
  net::watch& events = connection->stream.socket().events();
  if (events.hangup || idle_.size() >= limits_.idle_max) return;
  if (connection->stream.can_read()) {
    // Whatever comes without a request is not an answer: the connection is of no use (S34).
    char unexpected = 0;
    if (connection->stream.read(&unexpected, 1).state != net::io::blocked) return;
  }
  events.target = nullptr;
  events.on_idle = idle_event;
  events.context = connection.get();
  connection->idle_since = loop_.now();
  idle_.push_back(std::move(connection));
}

// An idle connection on which something happens is over: the backend closed
// it, or says something that nobody asked for.
void pool::idle_event(net::watch& events) noexcept {
  if (!events.readable && !events.hangup) return;
  auto* connection = static_cast<backend_connection*>(events.context);
  auto& idle = connection->home->idle_;
  const auto at = std::find_if(idle.begin(), idle.end(), [&](const auto& each) { return each.get() == connection; });
  if (at != idle.end()) idle.erase(at);
}

bool pool::sweep() noexcept {
  const base::tick_ms oldest = loop_.now() - limits_.idle_timeout;
  const auto first_young =
      std::find_if(idle_.begin(), idle_.end(), [&](const auto& each) { return each->idle_since >= oldest; });
  idle_.erase(idle_.begin(), first_young);
  return idle_.empty();
}

}  // namespace cardea::proxy::upstream
