#include "proxy/server.hpp"

#include "base/log.hpp"
#include "proxy/worker.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <iterator>
#include <mutex>

namespace cardea::proxy {
namespace {

struct address_plan {
  base::address where;
  bool tls = false;
};

base::result<std::vector<address_plan>> plan(const config::entrypoint_section& entrypoint) {
  std::vector<address_plan> out;
  for (const bool tls : {true, false}) {
    const std::string& text = tls ? entrypoint.https_addr : entrypoint.http_addr;
    if (text.empty()) continue;
    const auto parsed = base::address::parse(text);
    if (!parsed) return parsed.error().at(tls ? "entrypoint.https_addr" : "entrypoint.http_addr");
    out.push_back({*parsed, tls});
  }
  return out;
}

std::shared_ptr<const preface_policy> preface_of(const config::entrypoint_section& entrypoint) {
  const preface_policy policy{entrypoint.proxy_protocol, entrypoint.limits.proxy_header_bytes_max};
  return std::make_shared<const preface_policy>(policy);
}

// Signals belong to the control thread.
void run_without_signals(worker& each) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pthread_setname_np(pthread_self(), "cardea-worker");
  each.run();
}

}  // namespace

base::result<std::vector<net::endpoint>> entrypoint_endpoints(const config::entrypoint_section& entrypoint) {
  const auto places = plan(entrypoint);
  if (!places) return places.error();
  std::vector<net::endpoint> out;
  for (const address_plan& place : *places) out.push_back({place.where, net::transport::tcp});
  return out;
}

server::server() = default;

server::~server() { shut_down(std::chrono::milliseconds(0)); }

base::result<void> server::start(const config::entrypoint_section& entrypoint, doors at_first) {
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t count = entrypoint.threads != 0 ? entrypoint.threads : cores;
  sockets_ = net::listening_sockets(count);
  for (net::listening_sockets::entry& each : adopted_) sockets_.adopt(std::move(each));
  adopted_.clear();
  std::vector<std::unique_ptr<worker>> workers(count);
  if (const auto opened = open_entrypoint(entrypoint, workers); !opened) return opened.error();
  workers_ = std::move(workers);
  if (at_first == doors::held)
    for (const auto& each : workers_) each->hold_doors();
  for (const auto& each : workers_) threads_.emplace_back(run_without_signals, std::ref(*each));
  return {};
}

base::result<void> server::open_entrypoint(const config::entrypoint_section& entrypoint,
                                           std::vector<std::unique_ptr<worker>>& workers) {
  const auto places = plan(entrypoint);
  if (!places) return places.error();
  std::uint16_t https_port = 443;
  std::vector<net::endpoint> own;
  for (const address_plan& place : *places) {
    if (place.tls) https_port = place.where.port();
    own.push_back({place.where, net::transport::tcp});
  }
  if (const auto bound = sockets_.open(own); !bound) return bound.error();
  const auto preface = preface_of(entrypoint);
  for (std::size_t i = 0; i < workers.size(); ++i) {
    const upstream::worker_share share{i, workers.size()};
    workers[i] = std::make_unique<worker>(entrypoint, https_port, tickets_, preface, share, journal_);
    for (const address_plan& place : *places) {
      auto shares = sockets_.share({place.where, net::transport::tcp}, i);
      if (!shares) return shares.error();
      for (net::shared_socket& each : *shares) workers[i]->listen({std::move(each.fd), place.where.port(), place.tls});
    }
  }
  const base::logger log("proxy");
  for (const address_plan& place : *places)
    log.info("listening",
             {{"address", place.where.to_string()}, {"tls", place.tls ? "yes" : "no"}, {"workers", workers.size()}});
  return {};
}

base::result<void> server::bind_streams(const std::vector<net::endpoint>& endpoints) { return sockets_.open(endpoints); }

void server::publish_streams(const std::shared_ptr<const stream::route_table>& table) {
  const base::logger log("proxy");
  const std::vector<net::endpoint> wanted = table->endpoints();
  std::vector<net::endpoint> fresh;
  for (const net::endpoint& each : wanted)
    if (std::find(handed_.begin(), handed_.end(), each) == handed_.end()) fresh.push_back(each);
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    std::vector<handed_socket> sockets;
    for (const net::endpoint& each : fresh) {
      auto own = sockets_.share(each, i);
      if (!own) log.error("a worker cannot listen", {{"reason", own.error().message()}});
      if (own)
        for (net::shared_socket& one : *own)
          sockets.push_back({each, one.index, std::move(one.fd), sessions_on(each, one.index)});
    }
    workers_[i]->publish_streams(table, std::move(sockets));
  }
  for (const net::endpoint& each : fresh)
    log.info("listening", {{"address", each.where.to_string()}, {"kind", each.kind == net::transport::tcp ? "tcp" : "udp"}});
  for (const net::endpoint& each : handed_)
    if (std::find(wanted.begin(), wanted.end(), each) == wanted.end()) sockets_.close(each);
  handed_ = wanted;
  adopted_sessions_.clear();
}

std::vector<stream::udp_transfer> server::sessions_on(const net::endpoint& at, std::size_t index) {
  std::vector<stream::udp_transfer> out;
  for (handed_session& each : adopted_sessions_)
    if (each.index == index && each.at == at) out.push_back(std::move(each.session));
  return out;
}

void server::adopt_sessions(std::vector<handed_session> sessions) {
  std::move(sessions.begin(), sessions.end(), std::back_inserter(adopted_sessions_));
}

void server::open_doors() {
  for (const auto& each : workers_) each->open_doors();
}

void server::close_adopted_except(const std::vector<net::endpoint>& wanted) {
  std::vector<net::endpoint> gone;
  for (const net::listening_sockets::entry& each : sockets_.all())
    if (std::find(wanted.begin(), wanted.end(), each.at) == wanted.end()) gone.push_back(each.at);
  for (const net::endpoint& each : gone) sockets_.close(each);
}

void server::publish_certificates(const base::certificate_snapshot& certificates) {
  release_certificates();
  published_.push_back(certificates);
  for (const auto& each : workers_) each->publish_certificates(certificates);
}

void server::release_certificates() {
  std::erase_if(published_, [this](const auto& each) { return each.use_count() == 1 && &each != &published_.back(); });
}

void server::publish_routes(std::shared_ptr<const routing::route_table> routes, host_policy policy) {
  for (const auto& each : workers_) each->publish_routes(routes, policy);
}

void server::publish_proxy_protocol(const config::entrypoint_section& entrypoint) {
  const auto preface = preface_of(entrypoint);
  for (const auto& each : workers_) each->publish_preface(preface);
}

void server::publish_health(const upstream::health_snapshot& health) {
  for (const auto& each : workers_) each->publish_health(health);
}

void server::apply(const config::tls_section& options) {
  for (const auto& each : workers_) each->apply(options);
}

void server::rotate_tickets(std::chrono::steady_clock::time_point now, std::chrono::milliseconds every) {
  const std::size_t due = rotation_.due(now, every);
  for (std::size_t i = 0; i < due; ++i) tickets_ = tls::ticket_keys::after(*tickets_);
  if (due == 0) return;
  for (const auto& each : workers_) each->publish_tickets(tickets_);
  base::logger("proxy").info("session ticket keys rotated");
}

void server::publish_challenges(const base::challenge_snapshot& pending,
                                const std::function<void()>& installed) {
  const auto missing = std::make_shared<std::atomic<std::size_t>>(workers_.size());
  for (const auto& each : workers_) {
    each->publish_challenges(pending, [missing, installed] {
      if (missing->fetch_sub(1) == 1) installed();
    });
  }
}

void server::await_workers(const std::function<void()>& installed) {
  const auto missing = std::make_shared<std::atomic<std::size_t>>(workers_.size());
  for (const auto& each : workers_)
    each->await_posted([missing, installed] {
      if (missing->fetch_sub(1) == 1) installed();
    });
}

std::string server::ticket_state() const {
  const std::int64_t age = rotation_.last().time_since_epoch().count();
  const std::string keys = tickets_->bytes();
  std::string out;
  out.reserve(sizeof age + keys.size());
  out.append(reinterpret_cast<const char*>(&age), sizeof age).append(keys);
  return out;
}

bool server::use_ticket_state(std::string_view state) {
  std::int64_t since = 0;
  if (state.size() < sizeof since) return false;
  std::memcpy(&since, state.data(), sizeof since);
  auto keys = tls::ticket_keys::of(state.substr(sizeof since));
  if (!keys) return false;
  tickets_ = std::move(keys);
  rotation_ = tls::ticket_rotation(std::chrono::steady_clock::time_point(std::chrono::steady_clock::duration(since)));
  return true;
}

void server::hand_over(std::chrono::milliseconds idle_grace, std::function<void(std::vector<handed_session>)> then) {
  struct gathering {
    std::mutex guard;
    std::size_t missing;
    std::vector<handed_session> sessions;
    std::function<void(std::vector<handed_session>)> then;
  };
  const auto all = std::make_shared<gathering>();
  all->missing = workers_.size();
  all->then = std::move(then);
  for (const auto& each : workers_)
    each->hand_over(idle_grace, [all](std::vector<handed_session> own) {
      const std::lock_guard lock(all->guard);
      std::move(own.begin(), own.end(), std::back_inserter(all->sessions));
      if (--all->missing == 0) all->then(std::move(all->sessions));
    });
}

void server::shut_down(std::chrono::milliseconds grace) {
  if (threads_.empty()) return;
  for (const auto& each : workers_) each->drain();
  sockets_.close_all();
  const auto deadline = std::chrono::steady_clock::now() + grace;
  const auto is_busy = [this] {
    const proxy_status now = status();
    return now.connections_open > 0 || now.udp_sessions_open > 0;
  };
  while (std::chrono::steady_clock::now() < deadline && is_busy())
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  for (const auto& each : workers_) each->stop();
  for (std::thread& each : threads_) each.join();
  threads_.clear();
  workers_.clear();
  journal_.stop();
}

proxy_status server::status() const {
  proxy_status sum;
  for (const auto& each : workers_) {
    const worker_counters& own = each->counters();
    sum.connections_open += own.connections_open.load(std::memory_order_relaxed);
    sum.connections_total += own.connections_total.load(std::memory_order_relaxed);
    sum.requests_total += own.requests_total.load(std::memory_order_relaxed);
    sum.handshakes_failed += own.handshakes_failed.load(std::memory_order_relaxed);
    sum.connections_refused += own.connections_refused.load(std::memory_order_relaxed);
    sum.http2_floods += own.http2_floods.load(std::memory_order_relaxed);
    sum.udp_sessions_open += own.udp_sessions_open.load(std::memory_order_relaxed);
    sum.udp_sessions_total += own.udp_sessions_total.load(std::memory_order_relaxed);
    sum.datagrams_dropped += own.datagrams_dropped.load(std::memory_order_relaxed);
    sum.connections_evicted += own.connections_evicted.load(std::memory_order_relaxed);
    sum.requests_shed += own.requests_shed.load(std::memory_order_relaxed);
  }
  const access_log::journal_counters logged = journal_.counters();
  sum.access_log_lines = logged.written;
  sum.access_log_dropped = logged.dropped;
  return sum;
}

}  // namespace cardea::proxy
