#include "proxy/upstream/pool.hpp"

#include <algorithm>

namespace cardea::proxy::upstream {
namespace {

using http::failure;
using http::failure_kind;
using http::side;

constexpr failure no_failure{failure_kind::client_gone, side::internal, 0, {}};
constexpr failure refused{failure_kind::connect_refused, side::backend, 0, "the backend refused the connection"};
constexpr failure too_slow{failure_kind::connect_timed_out, side::backend, 0, "the backend did not accept in time"};

// RFC 8305 section 5: the recommended Connection Attempt Delay.
constexpr base::tick_ms attempt_delay = 250;

constexpr failure no_room{failure_kind::overloaded, side::internal, 0,
                          "the backend takes no more requests at once"};

bool failed(const failure& outcome) noexcept { return !outcome.reason.empty(); }

}  // namespace

/// Attempts on several addresses, of which the first that is accepted wins.
struct pool::race {
  race(pool& owner, net::waiter& waiter) : home(owner), told(waiter), next_at(owner.loop_.now()) {}

  [[nodiscard]] bool untried() const noexcept { return started < home.to_.addresses.size(); }

  // Begins what is due; true when that changed something.
  bool start() {
    if (!untried() || (!running.empty() && home.loop_.now() < next_at)) return false;
    const std::size_t index = (home.preferred_ + started++) % home.to_.addresses.size();
    auto connection = std::make_unique<backend_connection>(home.loop_, home.resources_);
    connection->home = &home;
    next_at = home.loop_.now() + attempt_delay;
    if (!connection->stream.socket().connect(home.to_.addresses[index])) return true;
    connection->stream.socket().events().target = &told;
    running.push_back({std::move(connection), index});
    return true;
  }

  // Whoever was accepted; removes those that were refused, after which the next one is due at once.
  std::unique_ptr<backend_connection> settle() {
    for (std::size_t i = 0; i < running.size();) {
      net::socket& each = running[i].connection->stream.socket();
      if (!each.events().writable && !each.events().broken) {
        ++i;
        continue;
      }
      if (each.connect_error() == 0) {
        home.preferred_ = running[i].index;
        return std::move(running[i].connection);
      }
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
      next_at = home.loop_.now();
    }
    return nullptr;
  }

  struct attempt {
    std::unique_ptr<backend_connection> connection;
    std::size_t index;
  };
  pool& home;
  net::waiter& told;
  std::vector<attempt> running;
  std::size_t started = 0;
  base::tick_ms next_at;
};

void lease::give_back() noexcept {
  pool* home = connection_->home;
  home->put(std::move(connection_));
}

pool::pool(net::event_loop& loop, tls::stream_resources& resources, tls::backend_context& tls,
           const pool_limits& limits, backend to)
    : loop_(loop),
      resources_(resources),
      tls_(tls),
      limits_(limits),
      to_(std::move(to)),
      speaks_(to_.http2                                  ? protocol::http2
              : to_.tls && to_.tls_options.offer_http2 ? protocol::unknown
                                                         : protocol::http1),
      shared_(loop, {resources.buffers, limits.http2, to_.tls, call_next_of, this}) {
  idle_.reserve(limits.idle_max);
}

net::task<pool::outcome> pool::acquire(net::waiter& waiter, need what) {
  const base::tick_ms patience = what.connect_timeout > 0 ? what.connect_timeout : limits_.connect_timeout;
  const base::tick_ms deadline = loop_.now() + patience;
  if (!what.http1_only && speaks_ != protocol::http1) {
    std::optional<outcome> found = co_await share(waiter, what.fresh, deadline);
    if (found) co_return std::move(*found);
  }
  if (!what.fresh && !idle_.empty()) {
    std::unique_ptr<backend_connection> connection = std::move(idle_.back());
    idle_.pop_back();
    net::watch& events = connection->stream.socket().events();
    events.target = &waiter;
    events.on_idle = nullptr;
    co_return outcome{lease(std::move(connection), true)};
  }
  // Those that are kept count too, and are most likely as stale as the one that failed.
  if (to_.connections_max != 0) idle_.clear();
  // One that is known to choose HTTP/1.1 may have learnt better since.
  const bool offer_http2 = !what.http1_only && to_.tls && to_.tls_options.offer_http2;
  outcome made = co_await connect(waiter, deadline, offer_http2);
  if (offer_http2) co_return sort(std::move(made));
  co_return made;
}

bool pool::speaks_http2(lease& made) const noexcept {
  return to_.http2 || (to_.tls && tls::chose_http2(made.stream().session()));
}

// A new connection is leased or shared, as its backend has chosen.
pool::outcome pool::sort(outcome made) {
  if (!made.connection) return made;
  if (!speaks_http2(*made.connection)) {
    speaks_ = protocol::http1;
    return made;
  }
  speaks_ = protocol::http2;
  http2::client_connection* const shared = shared_.adopt(made.connection->release());
  return {std::nullopt, shared, shared == nullptr ? too_slow : no_failure};
}

void pool::call_next() noexcept {
  if (line_.size() > 0) line_.call_next();
}

// Room on a shared connection; nothing when it turns out that the backend has none of those.
net::task<std::optional<pool::outcome>> pool::share(net::waiter& waiter, bool fresh, base::tick_ms deadline) {
  waiting_line::place here(waiter);
  const std::size_t failures = failures_;
  for (bool waited = false; speaks_ != protocol::http1; waited = true) {
    // Who comes now does not overtake those who wait.
    const bool first = waited || !line_.busy();
    if (first && !fresh) {
      if (http2::client_connection* const found = shared_.find_room()) {
        call_next();  // there may be more
        co_return outcome{std::nullopt, found};
      }
    }
    if ((first || fresh) && may_connect()) {
      outcome made = co_await make_shared(waiter, deadline);
      co_return std::move(made);
    }
    fresh = fresh && connecting_;  // where no more are allowed, one that is there has to do
    if (first && !fresh && shared_.find_room() != nullptr) continue;
    line_.join(here, waited);
    while (!here.called()) {
      const net::wake woken = co_await waiter.wait(deadline);
      if (here.called() || woken == net::wake::ready) continue;
      line_.leave(here);
      co_return outcome{std::nullopt, nullptr, connecting_ ? too_slow : no_room};
    }
    line_.leave(here);
    fresh = false;
    if (failures_ != failures) {
      call_next();  // it is not for us, and not lost
      co_return outcome{std::nullopt, nullptr, last_failure_};
    }
  }
  call_next();
  co_return std::nullopt;
}

net::task<pool::outcome> pool::make_shared(net::waiter& waiter, base::tick_ms deadline) {
  connecting_ = true;
  outcome made = co_await connect(waiter, deadline, to_.tls);
  connecting_ = false;
  if (!made.connection) {
    ++failures_;
    last_failure_ = made.failed;
  } else {
    made = sort(std::move(made));
  }
  // One after the other, as long as there is something for them.
  call_next();
  co_return made;
}

net::task<pool::outcome> pool::connect(net::waiter& waiter, base::tick_ms deadline, bool offer_http2) {
  if (to_.addresses.empty()) {
    const failure unresolved{failure_kind::no_backend, side::backend, 0, "the backend's name does not resolve"};
    co_return outcome{std::nullopt, nullptr, unresolved};
  }
  race attempts(*this, waiter);
  while (true) {
    const bool begun = attempts.start();
    if (std::unique_ptr<backend_connection> winner = attempts.settle()) {
      const failure insecure = co_await secure(*winner, waiter, deadline, offer_http2);
      if (failed(insecure)) co_return outcome{std::nullopt, nullptr, insecure};
      co_return outcome{lease(std::move(winner), false)};
    }
    if (attempts.running.empty() && !attempts.untried()) co_return outcome{std::nullopt, nullptr, refused};
    if (begun && attempts.running.empty()) continue;
    const base::tick_ms next = attempts.untried() ? attempts.next_at : base::no_deadline;
    if (next <= loop_.now()) continue;
    const net::wake woken = co_await waiter.wait(std::min(deadline, next));
    if (woken == net::wake::stopping || loop_.now() >= deadline) co_return outcome{std::nullopt, nullptr, too_slow};
  }
}

net::task<failure> pool::secure(backend_connection& connection, net::waiter& waiter, base::tick_ms deadline,
                                bool offer_http2) {
  if (!to_.tls) co_return no_failure;
  tls::stream& stream = connection.stream;
  tls::ssl_ptr session = tls_.make_session(to_.tls_options, offer_http2);
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
  return idle_.empty() && shared_.empty();
}

}  // namespace cardea::proxy::upstream
