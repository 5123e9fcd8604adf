#include "proxy/stream_listeners.hpp"

#include <algorithm>
#include <utility>

namespace cardea::proxy {
namespace {

constexpr base::tick_ms full_house_pause = 50;

bool listens(const stream::route_table& table, const net::endpoint& at) {
  return std::any_of(table.routes().begin(), table.routes().end(), [&](const stream::shared_route& each) {
    return !each->by_server_name && each->at == at;
  });
}

}  // namespace

/// A TCP route's listener. Shared with the coroutine that accepts on it.
struct stream_listeners::tcp_entrance {
  tcp_entrance(net::event_loop& loop, stream::shared_route to) : listener(loop), route(std::move(to)) {}
  net::listener listener;
  stream::shared_route route;
};

struct stream_listeners::udp_share {
  udp_share(const connection_environment& environment, const stream::udp_limits& limits)
      : sessions(environment.loop, limits, environment.counters) {}
  stream::udp_sessions sessions;
  stream::udp_batch batch;
};

stream_listeners::stream_listeners(stream_environment& streams, const connection_environment& environment,
                                   const stream::udp_limits& udp, std::size_t connections_max)
    : streams_(streams), environment_(environment), udp_limits_(udp), connections_max_(connections_max) {}

stream_listeners::~stream_listeners() = default;

void stream_listeners::install(std::shared_ptr<const stream::route_table> table, std::vector<handed_socket> fresh) {
  std::erase_if(tcp_entrances_, [&](const std::shared_ptr<tcp_entrance>& each) {
    if (listens(*table, each->route->at)) return false;
    each->listener.close();
    return true;
  });
  std::erase_if(udp_entrances_, [&](const udp_entrance& each) {
    if (listens(*table, each.at)) return false;
    each.listener->close();
    return true;
  });
  if (!environment_.session.draining) {
    for (const stream::shared_route& route : table->routes()) {
      if (route->by_server_name) continue;
      if (route->at.kind == net::transport::tcp)
        install_tcp(route, fresh);
      else
        install_udp(route, fresh);
    }
  }
  streams_.table = std::move(table);
}

void stream_listeners::install_tcp(const stream::shared_route& route, std::vector<handed_socket>& fresh) {
  for (const auto& each : tcp_entrances_)
    if (each->route->at == route->at) each->route = route;
  for (handed_socket& each : fresh) {
    if (each.at != route->at) continue;
    auto in = std::make_shared<tcp_entrance>(environment_.loop, route);
    if (!in->listener.open(std::move(each.fd))) continue;
    tcp_entrances_.push_back(in);
    environment_.loop.spawn(accept_connections(std::move(in)));
  }
}

void stream_listeners::install_udp(const stream::shared_route& route, std::vector<handed_socket>& fresh) {
  for (const udp_entrance& each : udp_entrances_)
    if (each.at == route->at) each.listener->use(route);
  for (handed_socket& each : fresh) {
    if (each.at != route->at) continue;
    if (!udp_) {
      udp_ = std::make_unique<udp_share>(environment_, udp_limits_);
      environment_.loop.spawn(udp_->sessions.expire());
    }
    auto listener = std::make_shared<stream::udp_listener>(environment_.loop, udp_->sessions, udp_->batch, route);
    if (!listener->open(std::move(each.fd))) continue;
    for (stream::udp_transfer& session : each.sessions) listener->take(std::move(session));
    udp_entrances_.push_back({route->at, each.index, listener});
    environment_.loop.spawn(move_datagrams(std::move(listener)));
  }
}

net::task<void> stream_listeners::accept_connections(std::shared_ptr<tcp_entrance> in) {
  net::waiter pause(environment_.loop);
  const auto& open = environment_.counters.connections_open;
  while (true) {
    // A full house lets the kernel's queue wait rather than refuse (L08).
    while (open.load(std::memory_order_relaxed) >= connections_max_ && !environment_.loop.stopping())
      co_await pause.wait(environment_.loop.now() + full_house_pause);
    net::listener::accepted next = co_await in->listener.accept();
    if (!next.fd) co_return;
    environment_.loop.spawn(serve_stream(std::move(next.fd), next.peer, environment_, in->route));
  }
}

// Keeps the listener alive for as long as it runs.
net::task<void> stream_listeners::move_datagrams(std::shared_ptr<stream::udp_listener> listener) {
  co_await listener->run();
}

void stream_listeners::drain() noexcept {
  for (const auto& each : tcp_entrances_) each->listener.close();
  for (const udp_entrance& each : udp_entrances_) each.listener->drain();
  if (udp_) udp_->sessions.drain();
}

std::vector<handed_session> stream_listeners::hand_over() {
  std::vector<handed_session> out;
  for (const udp_entrance& each : udp_entrances_)
    for (stream::udp_transfer& one : each.listener->hand_over()) out.push_back({each.at, each.index, std::move(one)});
  udp_entrances_.clear();
  drain();
  return out;
}

}  // namespace cardea::proxy
