#pragma once

#include "proxy/http/failure.hpp"
#include "proxy/tls/backend_context.hpp"
#include "proxy/upstream/backend.hpp"
#include "proxy/upstream/backend_connection.hpp"
#include "proxy/upstream/shared_connections.hpp"
#include "proxy/upstream/waiting_line.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace cardea::proxy::upstream {

class pool;

struct pool_limits {
  base::tick_ms connect_timeout = 5'000;  ///< for all addresses of a backend, TLS handshake included
  base::tick_ms idle_timeout = 60'000;
  std::size_t idle_max = 1'024;
  std::size_t http2_connections_max = 16;  ///< at once to one backend; exchanges beyond wait for room on them
  http2::client_limits http2 = {};
};

/// A borrowed backend connection; closed when it dies without `give_back`.
class lease {
 public:
  lease() = default;
  lease(std::unique_ptr<backend_connection> connection, bool reused) noexcept
      : connection_(std::move(connection)), reused_(reused) {}
  lease(lease&&) noexcept = default;
  lease& operator=(lease&&) noexcept = default;

  [[nodiscard]] tls::stream& stream() noexcept { return connection_->stream; }
  /// It served an earlier exchange, so the backend may have closed it meanwhile.
  [[nodiscard]] bool reused() const noexcept { return reused_; }
  [[nodiscard]] std::unique_ptr<backend_connection> release() noexcept { return std::move(connection_); }
  /// Back to the pool for the next exchange: only in a state where a request may follow.
  void give_back() noexcept;

 private:
  std::unique_ptr<backend_connection> connection_;
  bool reused_ = false;
};

/// One worker's connections to one backend: those of HTTP/1.1, leased one by one, last in first out;
/// and those of HTTP/2, which exchanges share.
///
/// Over TLS the backend chooses (ALPN), and what it chose is remembered, so that the next exchange
/// knows whether to wait for a connection that is being made or to make its own. Worker's thread
/// only; outlives its leases.
class pool {
 public:
  pool(net::event_loop& loop, tls::stream_resources& resources, tls::backend_context& tls, const pool_limits& limits,
       backend to);

  /// What an exchange needs of its connection.
  struct need {
    bool fresh = false;               ///< none from before: a retry must not meet a second stale one
    bool http1_only = false;          ///< for an upgrade, or because the backend said so
    base::tick_ms connect_timeout = 0;  ///< 0: that of the limits
  };
  /// One of the two, or why not.
  struct outcome {
    std::optional<lease> connection;
    http2::client_connection* shared = nullptr;  ///< with room for a stream, which must be opened at once
    http::failure failed{};
  };
  /// An idle connection, or a new one to the first address that answers (RFC 8305: the next address is tried
  /// beside it when one has not answered for a quarter of a second; the one that served last comes first).
  /// `fresh` leaves the idle ones alone, or closes them where the backend's connections have a limit.
  [[nodiscard]] net::task<outcome> acquire(net::waiter& waiter, need what);

  /// Closes what has been idle too long; true when nothing is left.
  bool sweep() noexcept;
  [[nodiscard]] const backend& to() const noexcept { return to_; }

 private:
  friend class lease;
  struct race;
  enum class protocol : std::uint8_t { unknown, http1, http2 };

  [[nodiscard]] net::task<outcome> connect(net::waiter& waiter, base::tick_ms deadline, bool offer_http2);
  [[nodiscard]] net::task<http::failure> secure(backend_connection& connection, net::waiter& waiter,
                                                base::tick_ms deadline, bool offer_http2);
  [[nodiscard]] net::task<std::optional<outcome>> share(net::waiter& waiter, bool fresh, base::tick_ms deadline);
  [[nodiscard]] net::task<outcome> make_shared(net::waiter& waiter, base::tick_ms deadline);
  [[nodiscard]] outcome sort(outcome made);
  [[nodiscard]] bool may_connect() const noexcept {
    return !connecting_ && shared_.size() < limits_.http2_connections_max;
  }
  /// Whoever waits longest looks whether it can go on.
  void call_next() noexcept;
  static void call_next_of(void* self) noexcept { static_cast<pool*>(self)->call_next(); }
  void put(std::unique_ptr<backend_connection> connection) noexcept;
  [[nodiscard]] bool speaks_http2(lease& made) const noexcept;
  static void idle_event(net::watch& events) noexcept;

  net::event_loop& loop_;
  tls::stream_resources& resources_;
  tls::backend_context& tls_;
  const pool_limits& limits_;
  backend to_;
  std::size_t preferred_ = 0;  ///< the address that answered last
  std::vector<std::unique_ptr<backend_connection>> idle_;

  protocol speaks_;
  shared_connections shared_;
  waiting_line line_;         ///< for room on a shared connection
  bool connecting_ = false;   ///< one for all who wait
  std::size_t failures_ = 0;  ///< of making a shared connection
  http::failure last_failure_{};
};

}  // namespace cardea::proxy::upstream
