#pragma once

#include "base/timer_wheel.hpp"
#include "proxy/net/event_loop.hpp"
#include "proxy/net/socket.hpp"
#include "proxy/net/task.hpp"
#include "proxy/status.hpp"
#include "proxy/stream/udp_batch.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

namespace cardea::proxy::stream {

struct udp_limits {
  base::tick_ms idle_timeout = 60'000;      ///< without a datagram either way
  std::size_t sessions_max = 8'192;         ///< of the worker, all routes together
  std::size_t sessions_per_source_max = 256;  ///< of one IP address
};

/// Whom answers may go to: a client's address, and which of ours it wrote to.
struct udp_flow {
  base::address client;
  local_end local;

  friend bool operator==(const udp_flow&, const udp_flow&) = default;
};

struct udp_session;

/// Who opened a session and has to let go of it.
class udp_session_owner {
 public:
  virtual ~udp_session_owner() = default;
  /// Ends one of its sessions, which is gone afterwards.
  virtual void end(udp_session& one) noexcept = 0;
};

/// Sessions in the order in which they last moved. A session is in two of them: all of the worker's,
/// and those of its source; `which` says by which of its links.
class session_order {
 public:
  enum which : std::size_t { of_all, of_source };
  explicit session_order(which links) noexcept : links_(links) {}

  void append(udp_session& newest) noexcept;
  void remove(udp_session& gone) noexcept;
  void renew(udp_session& moved) noexcept;

  [[nodiscard]] udp_session* oldest() const noexcept { return oldest_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  which links_;
  udp_session* oldest_ = nullptr;
  udp_session* newest_ = nullptr;
  std::size_t size_ = 0;
};

/// One client's datagrams on their way: a socket of its own towards the backend, so that only
/// answers of that backend come in, and go to that client alone.
struct udp_session {
  udp_session(udp_session_owner& of, udp_flow whose) noexcept : owner(of), flow(std::move(whose)) {}

  udp_session_owner& owner;
  udp_flow flow;
  net::file_descriptor fd;
  net::watch events;
  base::address backend;
  bool is_queued = false;  ///< among those of the owner with something to read
  base::tick_ms last_moved = 0;
  struct link {
    udp_session* older = nullptr;
    udp_session* newer = nullptr;
  };
  std::array<link, 2> links;
  session_order* source = nullptr;  ///< all of its IP address
};

/// All UDP sessions of one worker in the order in which they last moved: counts, caps, expiry (L15).
class udp_sessions {
 public:
  udp_sessions(net::event_loop& loop, const udp_limits& limits, worker_counters& counters);
  udp_sessions(const udp_sessions&) = delete;
  udp_sessions& operator=(const udp_sessions&) = delete;

  /// Makes room for one more of that client. Where its source has its share, the source's own session
  /// that has been silent longest goes: who asks much from many ports is served, at nobody else's cost.
  /// Where the worker has its share, that of all goes, unless it moved a moment ago: a flood of invented
  /// sources must not push out those who are served. False when there is no room.
  [[nodiscard]] bool admit(const base::address& client) noexcept;
  /// Ends the longest silent one, because the system has nothing left; false when there is none.
  [[nodiscard]] bool make_room() noexcept;
  /// Joins as the newest.
  void add(udp_session& fresh);
  void touch(udp_session& moved) noexcept;
  void remove(udp_session& gone) noexcept;
  void count_dropped(std::size_t datagrams) noexcept {
    proxy::add(counters_.datagrams_dropped, static_cast<std::int64_t>(datagrams));
  }

  /// Ends sessions in their time; runs as long as the worker.
  [[nodiscard]] net::task<void> expire();
  /// From now on a silence of a second ends a session.
  void drain() noexcept;

 private:
  using ip = std::array<std::uint8_t, 16>;
  struct ip_hash {
    std::uint64_t seed;
    std::size_t operator()(const ip& value) const noexcept;
  };
  static ip ip_of(const base::address& from) noexcept;
  net::event_loop& loop_;
  const udp_limits& limits_;
  worker_counters& counters_;
  net::waiter due_;
  session_order all_{session_order::of_all};
  base::tick_ms idle_timeout_;
  std::unordered_map<ip, session_order, ip_hash> by_source_;
};

}  // namespace cardea::proxy::stream
