#include "proxy/worker.hpp"

#include "base/log.hpp"
#include "proxy/net/descriptors.hpp"

#include <algorithm>

namespace cardea::proxy {
namespace {

constexpr base::tick_ms sweep_interval = 5'000;
constexpr base::tick_ms full_pause = 50;
constexpr std::size_t own_descriptors = 48;
constexpr base::tick_ms tunnel_idle_timeout = 60 * 60 * 1000;

// A head must fit one pooled buffer, with room for what the proxy adds to it.
constexpr std::size_t head_bytes_possible = 64 * 1024;
static_assert(head_bytes_possible + 4 * 1024 <= net::buffer_pool::buffer_bytes);

http1::session_limits session_limits_from(const config::proxy_limits& limits) {
  http1::session_limits out;
  out.head = {limits.request_line_bytes_max, std::min(limits.request_head_bytes_max, head_bytes_possible),
              limits.header_count_max};
  out.request_head_timeout = limits.request_head_timeout.count();
  out.keep_alive_timeout = limits.keep_alive_timeout.count();
  out.body_progress_timeout = limits.body_progress_timeout.count();
  out.linger_timeout = limits.linger_timeout.count();
  out.linger_bytes_max = limits.linger_bytes_max;
  out.buffer_bytes_max = limits.buffer_memory_max;
  return out;
}

http2::session_limits http2_limits_from(const config::proxy_limits& limits) {
  http2::session_limits out;
  out.request.line_bytes_max = limits.request_line_bytes_max;
  out.request.head_bytes_max = std::min(limits.request_head_bytes_max, http2::head_bytes_possible);
  out.request.field_count_max = std::min(limits.header_count_max, http::header_table::capacity);
  out.streams_max = static_cast<std::uint32_t>(limits.http2_streams_max);
  out.streams_total_max = limits.http2_streams_total_max;
  out.stream_window_bytes = static_cast<std::uint32_t>(limits.http2_stream_window_bytes);
  out.connection_window_bytes = static_cast<std::uint32_t>(limits.http2_connection_window_bytes);
  out.continuations_max = static_cast<std::uint32_t>(limits.http2_continuations_max);
  out.flood = {static_cast<std::uint32_t>(limits.http2_flood_points_max),
               static_cast<std::uint32_t>(limits.http2_flood_points_per_second)};
  out.request_head_timeout = limits.request_head_timeout.count();
  out.keep_alive_timeout = limits.keep_alive_timeout.count();
  out.body_progress_timeout = limits.body_progress_timeout.count();
  out.linger_timeout = limits.linger_timeout.count();
  out.linger_bytes_max = limits.linger_bytes_max;
  return out;
}

http2::client_limits http2_backend_limits_from(const config::proxy_limits& limits) {
  http2::client_limits out;
  out.response.head_bytes_max = std::min(limits.response_head_bytes_max, http2::head_bytes_possible);
  out.streams_max = static_cast<std::uint32_t>(limits.backend_http2_streams_max);
  out.stream_window_bytes = static_cast<std::uint32_t>(limits.http2_stream_window_bytes);
  out.connection_window_bytes = static_cast<std::uint32_t>(limits.http2_connection_window_bytes);
  out.continuations_max = static_cast<std::uint32_t>(limits.http2_continuations_max);
  out.flood = {static_cast<std::uint32_t>(limits.http2_flood_points_max),
               static_cast<std::uint32_t>(limits.http2_flood_points_per_second)};
  out.settings_timeout = limits.connect_timeout.count();
  out.idle_timeout = limits.backend_idle_timeout.count();
  out.progress_timeout = limits.body_progress_timeout.count();
  return out;
}

// Of the numbers that the process may have, the last are not for clients.
std::size_t descriptors_for_clients(const config::proxy_limits& limits) {
  const std::size_t all = net::descriptor_limit();
  // What the program needs for itself does not shrink with the limit.
  const std::size_t usual = std::clamp<std::size_t>(all / 8, std::min(own_descriptors, all / 2), all);
  const std::size_t kept = limits.descriptors_reserved != 0 ? limits.descriptors_reserved : usual;
  return all > kept ? all - kept : 0;
}

// Whoever is let in may need a backend as well: no worker takes more than it can find those for.
overload_limits overload_limits_from(const config::proxy_limits& limits, std::size_t workers) {
  const std::size_t share = descriptors_for_clients(limits) / 2 / workers;
  return {std::clamp<std::size_t>(share, 1, limits.connections_max), limits.buffer_memory_max};
}

dispatch::settings dispatch_settings(net::buffer_pool& buffers, const config::proxy_limits& limits) {
  const std::size_t head_bytes_max = std::min(limits.response_head_bytes_max, head_bytes_possible);
  const http1::head_limits backend_head{head_bytes_max, head_bytes_max, http::header_table::capacity};
  const std::uint64_t body_bytes_max =
      limits.request_body_bytes_max == 0 ? http::body_limits::unlimited : limits.request_body_bytes_max;
  return {buffers, {backend_head, {}}, limits.body_progress_timeout.count(), tunnel_idle_timeout,
          {body_bytes_max, limits.request_body_rate_min, limits.request_body_grace.count()},
          overload_limits_from(limits, 1)};
}

stream::tcp_limits tcp_limits_from(const config::proxy_limits& limits) {
  return {limits.connect_timeout.count(), limits.tcp_idle_timeout.count()};
}

stream::udp_limits udp_limits_from(const config::proxy_limits& limits) {
  return {limits.udp_idle_timeout.count(), limits.udp_sessions_max, limits.udp_sessions_per_source_max};
}

std::shared_ptr<const stream::route_table> no_streams() {
  return std::make_shared<const stream::route_table>(std::vector<stream::route>{}, std::vector<std::string>{});
}

}  // namespace

/// A listener and what its connections share.
struct worker::entrance {
  entrance(net::event_loop& loop, connection_environment shared) : listener(loop), environment(shared) {}
  net::listener listener;
  connection_environment environment;
};

worker::worker(const config::entrypoint_section& entrypoint, std::uint16_t https_port,
               std::shared_ptr<const tls::ticket_keys> tickets, std::shared_ptr<const preface_policy> preface,
               upstream::worker_share share, access_log::journal& journal)
    : limits_(entrypoint.limits),
      session_limits_(session_limits_from(limits_)),
      http2_limits_(http2_limits_from(limits_)),
      pool_limits_{limits_.connect_timeout.count(), limits_.backend_idle_timeout.count(), limits_.backend_idle_max,
                   limits_.backend_http2_connections_max, http2_backend_limits_from(limits_)},
      preface_(std::move(preface)),
      census_(limits_.connections_per_client_max),
      overload_(overload_limits_from(limits_, share.count)),
      descriptors_max_(descriptors_for_clients(limits_)),
      resources_(buffers_),
      server_tls_(entrypoint.tls, std::move(tickets), limits_.certificates_open_max),
      dispatch_(dispatch_settings(buffers_, limits_), counters_),
      redirect_(https_port),
      pen_(journal, {limits_.access_log_buffer_bytes, limits_.access_log_line_bytes_max}),
      fleet_(loop_, resources_, backend_tls_, pool_limits_, share),
      streams_{{loop_, resources_, {buffers_, pipes_}, tcp_limits_from(limits_)}, no_streams(), limits_.client_hello_bytes_max},
      stream_connections_(environment_of({{}, 0, true}, dispatch_)),
      stream_listeners_(streams_, stream_connections_, udp_limits_from(limits_), limits_.connections_max) {
  resources_.key_updates_max = static_cast<unsigned>(limits_.key_updates_max);
}

worker::~worker() = default;

connection_environment worker::environment_of(const listening& socket, http::handler& handler) {
  const http1::session_environment session{buffers_, waiting_, handler, session_limits_, draining_, idle_until_};
  const http2::session_environment http2{buffers_, waiting_, handler, http2_limits_, draining_, idle_until_};
  return {loop_,       resources_,             socket.tls ? &server_tls_ : nullptr,
          session,     http2,                  limits_.handshake_timeout.count(),
          census_,     handshakes_,            limits_.handshakes_max,
          preface_,    streams_,               counters_,
          socket.port};
}

void worker::listen(listening socket) {
  http::handler& handler = socket.tls ? secure_gate_ : clear_gate_;
  auto in = std::make_unique<entrance>(loop_, environment_of(socket, handler));
  in->listener.context = this;
  in->listener.on_exhausted = [](void* self) noexcept {
    auto& own = *static_cast<worker*>(self);
    own.descriptors_scarce_ = true;
    own.tell_that_full();
    if (own.waiting_.dismiss_first()) add(own.counters_.connections_evicted, 1);
  };
  if (in->listener.open(std::move(socket.fd))) entrances_.push_back(std::move(in));
}

void worker::run() {
  for (const auto& in : entrances_) loop_.spawn(accept_connections(*in));
  loop_.spawn(sweep_backends());
  loop_.run();
}

net::task<void> worker::accept_connections(entrance& in) {
  net::waiter pause(loop_);
  // Before there is something to answer with, clients wait in the kernel's queue.
  while ((held_ || (in.environment.tls != nullptr && !equipped())) && !draining_ && !loop_.stopping())
    co_await pause.wait(base::no_deadline);
  while (true) {
    net::listener::accepted next = co_await in.listener.accept();
    if (!next.fd) co_return;
    if (static_cast<std::size_t>(next.fd.get()) >= descriptors_max_) descriptors_scarce_ = true;
    // In a full house this one waits in our hand, and those behind it in the kernel's queue (L08).
    co_await make_room(pause);
    loop_.spawn(serve_connection(std::move(next.fd), next.peer, in.environment));
  }
}

bool worker::is_full() noexcept {
  if (descriptors_scarce_) descriptors_scarce_ = net::descriptors_used_up_to(descriptors_max_);
  return overload_.is_full({.connections = counters_.connections_open.load(std::memory_order_relaxed),
                            .buffer_bytes = buffers_.bytes_in_use(),
                            .descriptors_scarce = descriptors_scarce_});
}

net::task<void> worker::make_room(net::waiter& pause) {
  while (is_full() && !draining_ && !loop_.stopping()) {
    tell_that_full();
    if (waiting_.dismiss_first()) {
      add(counters_.connections_evicted, 1);
      co_await pause.yield();  // for the one that was sent away to end
    } else {
      co_await pause.wait(loop_.now() + full_pause);
    }
  }
}

void worker::tell_that_full() noexcept {
  if (loop_.now() < quiet_until_) return;
  quiet_until_ = loop_.now() + 10'000;
  const base::logger log("proxy");
  log.warn("no room for more clients, new ones wait",
           {{"connections", counters_.connections_open.load(std::memory_order_relaxed)},
            {"buffer_bytes", buffers_.bytes_in_use()},
            {"descriptors", descriptors_scarce_ ? "scarce" : "enough"}});
}

net::task<void> worker::sweep_backends() {
  net::waiter clock(loop_);
  while (true) {
    const net::wake woken = co_await clock.wait(loop_.now() + sweep_interval);
    if (woken == net::wake::stopping) co_return;
    fleet_.sweep();
  }
}

void worker::install(std::shared_ptr<const routing::route_table> routes, host_policy policy) {
  auto view = std::make_shared<worker_view>();
  view->hosts = std::move(policy);
  access_logs logs{view->hosts.access_log, view->hosts.access_log != nullptr};
  for (const routing::route& route : routes->routes()) {
    logs.wanted = logs.wanted || route.access_log != nullptr;
    const bool has_backends = route.kind == routing::route::kind::backend;
    view->groups.push_back(has_backends ? fleet_.assemble(route.upstream) : nullptr);
  }
  view->routes = std::move(routes);
  if (logs.wanted) pen_.equip();
  access_logs_ = std::move(logs);
  server_tls_.publish(std::shared_ptr<const tls::client_policies>(view));
  dispatch_.publish(std::move(view));
}

// What is published first wakes those who wait for it.
template <class Publish>
void worker::publish(Publish install) {
  loop_.post([this, install = std::move(install)] {
    const bool was_equipped = equipped();
    install();
    if (!was_equipped && equipped()) loop_.signal_all();
  });
}

void worker::publish_certificates(base::certificate_snapshot certificates) {
  publish([this, certificates = std::move(certificates)] { server_tls_.publish(certificates); });
}

void worker::publish_routes(std::shared_ptr<const routing::route_table> routes, host_policy policy) {
  publish([this, routes = std::move(routes), policy = std::move(policy)] { install(routes, policy); });
}

void worker::publish_streams(std::shared_ptr<const stream::route_table> table, std::vector<handed_socket> fresh) {
  // What is posted may be copied, a descriptor may not.
  const auto sockets = std::make_shared<std::vector<handed_socket>>(std::move(fresh));
  loop_.post([this, table = std::move(table), sockets] { stream_listeners_.install(table, std::move(*sockets)); });
}

void worker::publish_preface(std::shared_ptr<const preface_policy> preface) {
  loop_.post([this, preface = std::move(preface)] { preface_ = preface; });
}

void worker::publish_health(upstream::health_snapshot health) {
  loop_.post([this, health = std::move(health)] { fleet_.publish(health); });
}

void worker::publish_tickets(std::shared_ptr<const tls::ticket_keys> tickets) {
  loop_.post([this, tickets = std::move(tickets)] { server_tls_.publish(tickets); });
}

void worker::apply(const config::tls_section& options) {
  loop_.post([this, options] { server_tls_.apply(options); });
}

void worker::publish_challenges(base::challenge_snapshot pending, std::function<void()> installed) {
  loop_.post([this, pending = std::move(pending), installed = std::move(installed)] {
    challenges_ = pending;
    server_tls_.publish_challenges(pending);
    installed();
  });
}

void worker::open_doors() {
  loop_.post([this] {
    held_ = false;
    loop_.signal_all();
  });
}

void worker::await_posted(std::function<void()> done) { loop_.post(std::move(done)); }

void worker::begin_drain() {
  draining_ = true;
  for (const auto& in : entrances_) in->listener.close();
  loop_.signal_all();
}

void worker::drain() {
  loop_.post([this] {
    begin_drain();
    stream_listeners_.drain();
  });
}

void worker::hand_over(std::chrono::milliseconds idle_grace, std::function<void(std::vector<handed_session>)> then) {
  loop_.post([this, idle_grace, then = std::move(then)] {
    idle_until_ = loop_.now() + idle_grace.count();
    begin_drain();
    then(stream_listeners_.hand_over());
  });
}

void worker::stop() {
  loop_.post([this] { loop_.stop(); });
}

}  // namespace cardea::proxy
