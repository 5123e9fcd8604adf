#pragma once

#include "proxy/http/exchange.hpp"
#include "proxy/http/failure.hpp"
#include "proxy/upstream/balancer.hpp"
#include "proxy/upstream/member.hpp"
#include "proxy/upstream/retry_budget.hpp"
#include "proxy/upstream/upstream.hpp"
#include "proxy/upstream/waiting_line.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace cardea::proxy::upstream {

/// How far one exchange has come: which backends it tried, and what decides where it goes.
struct way {
  static constexpr std::size_t tried_max = 10;

  [[nodiscard]] bool has_tried(std::size_t index) const noexcept;
  [[nodiscard]] bool began() const noexcept { return tried_count > 0; }

  std::array<std::size_t, tried_max> tried{};
  std::size_t tried_count = 0;
  std::uint64_t key = 0;                    ///< of the hash modes
  std::size_t sticky = balancer::none;      ///< the backend that the client's cookie names
};

/// Where a request may go now.
struct choice {
  member* who = nullptr;
  std::size_t index = balancer::none;
  bool full = false;      ///< every backend that could serve is at its limit: wait
  http::failure failed{};  ///< why nobody, unless full
};

/// What the groups of one name share, before and after a reload.
struct group_state {
  explicit group_state(std::size_t retry_percent) noexcept : budget(retry_percent) {}
  waiting_line line;
  retry_budget budget;
};

/// One worker's view of an upstream: chooses backends, bounds retries and waiting. Worker's thread only.
///
/// A group of one backend always goes there, whatever is known of it: there is nobody else.
class group {
 public:
  /// REQUIRES: as many members as `of` has backends; `of` outlives the group.
  group(const upstream& of, std::vector<std::shared_ptr<member>> members, std::shared_ptr<group_state> state,
        net::event_loop& loop, std::uint64_t seed);

  /// Counts a new exchange and reads from its head what choosing needs.
  [[nodiscard]] way begin(const http::exchange& request) noexcept;
  [[nodiscard]] choice choose(const way& so_far) noexcept;
  /// Waits until a backend that could serve has room, at most until `until` and no longer than the upstream's
  /// `pending_timeout`; fails as overloaded. REQUIRES: `choose` said that all are full.
  [[nodiscard]] net::task<choice> wait_for_room(http::exchange& request, const way& so_far, base::tick_ms until);
  /// The backend `failed` did not serve: whether another one may be asked. Costs a part of the retry budget.
  [[nodiscard]] bool may_go_on(way& so_far, std::size_t failed) noexcept;

  /// The field line that makes the client come back to this backend; empty when it need not be told.
  [[nodiscard]] std::string_view set_cookie(const way& so_far, std::size_t index, bool secure) const noexcept;

  [[nodiscard]] const upstream& of() const noexcept { return of_; }
  [[nodiscard]] const backend& backend_at(std::size_t index) const noexcept { return of_.backends[index]; }
  [[nodiscard]] net::event_loop& loop() noexcept { return loop_; }
  /// A request took or left its place at a backend.
  void settle_line(bool room_is_left) noexcept;

 private:
  [[nodiscard]] choice choose_now(const way& so_far) noexcept;
  [[nodiscard]] std::size_t weigh(const way& so_far) noexcept;
  [[nodiscard]] std::size_t weigh(const way& so_far, bool panic) noexcept;
  [[nodiscard]] choice nobody() const noexcept;
  [[nodiscard]] bool can_serve(std::size_t index, bool panic, base::tick_ms now) const noexcept;
  [[nodiscard]] bool in_panic(base::tick_ms now) const noexcept;
  [[nodiscard]] std::uint64_t key_of(const http::exchange& request) const noexcept;

  const upstream& of_;
  std::vector<std::shared_ptr<member>> members_;
  std::shared_ptr<group_state> state_;
  net::event_loop& loop_;
  balancer balancer_;
  std::vector<candidate> candidates_;
};

/// A request's stay at a backend: counted from its begin to its end, and settled once.
class turn {
 public:
  turn(group& in, const choice& at) noexcept;
  turn(const turn&) = delete;
  turn& operator=(const turn&) = delete;
  ~turn();

  [[nodiscard]] pool& connections() noexcept { return who_.connections; }
  /// A whole head of an answer came.
  void succeed() noexcept;
  /// The backend did not do its part, before or after the head.
  void fail() noexcept;

 private:
  group& in_;
  member& who_;
  bool trial_;
  bool settled_ = false;
};

}  // namespace cardea::proxy::upstream
