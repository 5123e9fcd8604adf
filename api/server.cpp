#include "api/server.hpp"

#include "api/session.hpp"
#include "base/dial.hpp"

#include <boost/asio/ip/v6_only.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

namespace cardea::api {
namespace {

namespace asio = base::asio;
using tcp = asio::ip::tcp;
using only_v6 = asio::ip::v6_only;

constexpr std::chrono::seconds resolve_timeout{5};
constexpr std::chrono::milliseconds accept_pause{100};

struct host_port {
  std::string host;  ///< empty = every address
  std::string port;
};

base::result<host_port> split(std::string_view addr) {
  const auto colon = addr.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == addr.size())
    return base::error(base::errc::invalid_argument, "expected host:port");
  std::string_view host = addr.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host_port{std::string(host), std::string(addr.substr(colon + 1))};
}

std::string host_of(std::string_view addr) {
  auto parts = split(addr);
  return parts ? std::move(parts->host) : std::string();
}

base::result<base::tcp_acceptor> bound(base::executor where, const tcp::endpoint& at) {
  base::tcp_acceptor acceptor(where);
  base::error_code ec;
  acceptor.open(at.protocol(), ec);
  if (!ec) acceptor.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec && at.address().is_v6()) acceptor.set_option(only_v6(!at.address().is_unspecified()), ec);
  if (!ec) acceptor.bind(at, ec);
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) return base::error(ec);
  return acceptor;
}

// The descriptor is the acceptor's, or closed.
base::result<base::tcp_acceptor> adopted(base::executor where, int fd) {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  base::tcp_acceptor acceptor(where);
  base::error_code ec;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &size) != 0)
    ec.assign(errno, boost::system::generic_category());
  else
    acceptor.assign(own.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), fd, ec);
  if (!ec) return acceptor;
  ::close(fd);
  return base::error(ec);
}

// Best effort, without waiting: the answer fits any send buffer.
void turn_away(base::tcp_socket socket) {
  constexpr std::string_view text =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 35\r\n"
      "Connection: close\r\n\r\n{\"message\":\"too many connections\"}\n";
  base::error_code ec;
  socket.non_blocking(true, ec);
  socket.write_some(asio::buffer(text), ec);
  socket.shutdown(asio::socket_base::shutdown_send, ec);
}

}  // namespace

struct server::state {
  state(base::executor executor, settings wanted, autocert::control& certificates,
        const proxy::health_source& routes)
      : where(executor),
        addr(std::move(wanted.addr)),
        listening(wanted.listening),
        acceptor(executor),
        shared{{std::move(wanted.version), certificates, routes, std::move(wanted.traffic), base::system_wall_clock(),
                std::move(wanted.process)},
               access_rules(host_of(addr)),
               wanted.maximums,
               renewals(executor, certificates),
               {executor, base::logger("api")},
               base::logger("api")} {}

  base::executor where;
  std::string addr;
  int listening;
  base::tcp_acceptor acceptor;
  session_context shared;
};

server::server(base::executor where, settings wanted, autocert::control& certificates,
               const proxy::health_source& routes)
    : state_(std::make_unique<state>(where, std::move(wanted), certificates, routes)) {}
server::~server() = default;

base::awaitable<base::result<void>> server::listen() {
  const std::string step = "api.addr " + state_->addr;
  if (state_->listening >= 0) {
    auto ready = adopted(state_->where, std::exchange(state_->listening, -1));
    if (!ready) co_return ready.error().at(step);
    state_->acceptor = std::move(*ready);
    state_->shared.log.info("api listens", {{"addr", state_->addr}, {"port", port()}});
    co_return base::result<void>();
  }
  auto parts = split(state_->addr);
  if (!parts) co_return parts.error().at(step);
  base::endpoints candidates;
  const auto until = std::chrono::steady_clock::now() + resolve_timeout;
  // One IPv6 socket takes IPv4 too; the second is for machines without IPv6.
  for (const char* any : {"::", "0.0.0.0"}) {
    std::string host = parts->host.empty() ? any : parts->host;
    std::string port = parts->port;
    auto found = co_await base::resolve(std::move(host), std::move(port), until);
    if (!found) co_return found.error().at(step);
    candidates.insert(candidates.end(), found->begin(), found->end());
    if (!parts->host.empty()) break;
  }
  base::error last(base::errc::not_found, "no address");
  for (const tcp::endpoint& at : candidates) {
    auto acceptor = bound(state_->where, at);
    if (acceptor) {
      state_->acceptor = std::move(*acceptor);
      state_->shared.log.info("api listens", {{"addr", state_->addr}, {"port", port()}});
      co_return base::result<void>();
    }
    last = acceptor.error();
  }
  co_return last.at(step);
}

base::awaitable<void> server::run() {
  session_context& shared = state_->shared;
  while (!shared.stopping) {
    base::tcp_socket socket(state_->where);
    auto [ec] = co_await state_->acceptor.async_accept(socket, base::as_result);
    if (shared.stopping || ec == asio::error::operation_aborted) break;
    if (ec) {
      // Out of descriptors or memory: the queue keeps the connection until some are free.
      shared.log.warn("api cannot accept", {{"reason", ec.message()}});
      co_await base::sleep_for(accept_pause);
    } else if (shared.open_count >= shared.maximums.connections_max) {
      turn_away(std::move(socket));
    } else {
      shared.tasks.spawn(serve(std::move(socket), shared));
    }
  }
  stop();
  co_await shared.tasks.join();
}

void server::stop() {
  session_context& shared = state_->shared;
  if (shared.stopping) return;
  shared.stopping = true;
  base::error_code ignored;
  state_->acceptor.close(ignored);
  shared.renewing.stop();
  shared.tasks.cancel();
}

int server::descriptor() { return state_->acceptor.native_handle(); }

std::uint16_t server::port() const {
  base::error_code ec;
  return state_->acceptor.local_endpoint(ec).port();
}

}  // namespace cardea::api
