#pragma once

#include <atomic>
#include <cstdint>

/// What the rest of the program may see of the proxy.
namespace cardea::proxy {

/// Counters of one worker: written by it alone, read by anybody.
struct alignas(64) worker_counters {
  std::atomic<std::uint64_t> connections_open{0};
  std::atomic<std::uint64_t> connections_total{0};
  std::atomic<std::uint64_t> requests_total{0};
  std::atomic<std::uint64_t> handshakes_failed{0};
  std::atomic<std::uint64_t> connections_refused{0};  ///< for want of a PROXY header that counts
};

/// The one writer needs no read-modify-write instruction.
inline void add(std::atomic<std::uint64_t>& counter, std::int64_t change) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + static_cast<std::uint64_t>(change),
                std::memory_order_relaxed);
}

struct proxy_status {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_total = 0;
  std::uint64_t requests_total = 0;
  std::uint64_t handshakes_failed = 0;
  std::uint64_t connections_refused = 0;
};

}  // namespace cardea::proxy
