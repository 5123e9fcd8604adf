#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

/// What the rest of the program may see of the proxy.
namespace cardea::proxy {

/// Counters of one worker: written by it alone, read by anybody.
struct alignas(64) worker_counters {
  std::atomic<std::uint64_t> connections_open{0};
  std::atomic<std::uint64_t> connections_total{0};
  std::atomic<std::uint64_t> requests_total{0};
  std::atomic<std::uint64_t> handshakes_failed{0};
  std::atomic<std::uint64_t> connections_refused{0};  ///< no PROXY header that counts; too many of one client
  std::atomic<std::uint64_t> connections_evicted{0};  ///< waited for their client when there was no room
  std::atomic<std::uint64_t> requests_shed{0};        ///< 503 for want of memory
  std::atomic<std::uint64_t> http2_floods{0};  ///< HTTP/2 connections ended for what their clients did (F10)
  std::atomic<std::uint64_t> udp_sessions_open{0};
  std::atomic<std::uint64_t> udp_sessions_total{0};
  std::atomic<std::uint64_t> datagrams_dropped{0};  ///< beyond a cap, or refused by the kernel
};

/// The one writer needs no read-modify-write instruction.
inline void add(std::atomic<std::uint64_t>& counter, std::int64_t change) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + static_cast<std::uint64_t>(change),
                std::memory_order_relaxed);
}

enum class health_status : std::uint8_t { unknown, healthy, unhealthy };

struct backend_health {
  std::string name;  ///< host:port
  health_status status = health_status::unknown;
  std::chrono::nanoseconds uptime{0};   ///< since it has been healthy; 0 while it is not
  std::chrono::nanoseconds latency{0};  ///< of the last check that succeeded
  std::string detail;                   ///< why it is not healthy
};

/// A route's health: of its only backend, or of all together (healthy when one is).
struct route_health {
  std::string alias;
  backend_health whole;
  std::vector<backend_health> backends;
};

/// Where the API asks for it. Control thread.
class health_source {
 public:
  virtual ~health_source() = default;
  /// Every route with backends, in the configuration's order; unknown where nothing is checked.
  [[nodiscard]] virtual std::vector<route_health> health() const = 0;
};

struct proxy_status {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_total = 0;
  std::uint64_t requests_total = 0;
  std::uint64_t handshakes_failed = 0;
  std::uint64_t connections_refused = 0;
  std::uint64_t http2_floods = 0;
  std::uint64_t udp_sessions_open = 0;
  std::uint64_t udp_sessions_total = 0;
  std::uint64_t datagrams_dropped = 0;
  std::uint64_t connections_evicted = 0;
  std::uint64_t requests_shed = 0;
  std::uint64_t access_log_lines = 0;
  std::uint64_t access_log_dropped = 0;  ///< there was no room for them, or no disk
};

}  // namespace cardea::proxy
