#pragma once

#include "proxy/http/failure.hpp"
#include "proxy/tls/backend_context.hpp"
#include "proxy/tls/stream.hpp"
#include "proxy/upstream/backend.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace cardea::proxy::upstream {

class pool;

struct pool_limits {
  base::tick_ms connect_timeout = 5'000;  ///< for all addresses of a backend, TLS handshake included
  base::tick_ms idle_timeout = 60'000;
  std::size_t idle_max = 1'024;
};

/// A connection to a backend: leased to one exchange, or idle in its pool.
struct backend_connection {
  backend_connection(net::event_loop& loop, tls::stream_resources& resources) noexcept : stream(loop, resources) {}

  tls::stream stream;
  pool* home = nullptr;
  base::tick_ms idle_since = 0;
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
  /// Back to the pool for the next exchange: only in a state where a request may follow.
  void give_back() noexcept;

 private:
  std::unique_ptr<backend_connection> connection_;
  bool reused_ = false;
};

/// One worker's connections to one backend, last in first out.
///
/// Worker's thread only; outlives its leases.
class pool {
 public:
  pool(net::event_loop& loop, tls::stream_resources& resources, tls::backend_context& tls, const pool_limits& limits,
       backend to);

  struct outcome {
    std::optional<lease> connection;
    http::failure failed{};
  };
  /// An idle connection, or a new one to the first address that answers (RFC 8305: the next address is tried
  /// beside it when one has not answered for a quarter of a second; the one that served last comes first).
  /// `fresh` leaves the idle ones alone (a retry must not meet a second stale one), or closes them where the
  /// backend's connections have a limit.
  /// `connect_timeout` of 0 is that of the limits.
  [[nodiscard]] net::task<outcome> acquire(net::waiter& waiter, bool fresh, base::tick_ms connect_timeout = 0);

  /// Closes what has been idle too long; true when nothing is left.
  bool sweep() noexcept;
  [[nodiscard]] const backend& to() const noexcept { return to_; }

 private:
  friend class lease;
  struct race;
  [[nodiscard]] net::task<outcome> connect(net::waiter& waiter, base::tick_ms deadline);
  [[nodiscard]] net::task<http::failure> secure(backend_connection& connection, net::waiter& waiter,
                                                base::tick_ms deadline);
  void put(std::unique_ptr<backend_connection> connection) noexcept;
  static void idle_event(net::watch& events) noexcept;

  net::event_loop& loop_;
  tls::stream_resources& resources_;
  tls::backend_context& tls_;
  const pool_limits& limits_;
  backend to_;
  std::size_t preferred_ = 0;  ///< the address that answered last
  std::vector<std::unique_ptr<backend_connection>> idle_;
};

}  // namespace cardea::proxy::upstream
