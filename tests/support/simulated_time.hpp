#pragma once

#include "base/async.hpp"
#include "base/clock.hpp"

#include <map>

namespace cardea::test_support {

/// A wall clock and a monotonic clock that move only when nobody has anything
/// left to do: years pass in a moment.
class simulated_time {
 public:
  simulated_time(base::asio::io_context& io, base::wall_time start) : io_(io), now_(start) {}

  /// Each reading is a little later than the one before, as with a real clock.
  [[nodiscard]] base::wall_time now() noexcept { return now_ + skew_ + std::chrono::nanoseconds(++readings_); }
  [[nodiscard]] base::wall_clock clock() {
    return [this] { return now(); };
  }
  /// Somebody sets the wall clock; sleepers do not notice.
  void set_wall_clock(std::chrono::seconds by) { skew_ += by; }

  [[nodiscard]] base::awaitable<void> sleep(std::chrono::steady_clock::duration duration) {
    base::steady_timer timer(io_.get_executor(), base::steady_timer::time_point::max());
    const auto entry = sleepers_.emplace(now_ + duration, &timer);
    co_await timer.async_wait(base::as_result);
    sleepers_.erase(entry);
  }

  /// Runs what is ready without moving the clock.
  void settle() {
    do {
      io_.restart();
    } while (io_.poll() > 0);
  }

  void run_for(base::wall_time::duration duration) {
    const base::wall_time end = now_ + duration;
    for (settle(); !sleepers_.empty() && sleepers_.begin()->first <= end; settle()) {
      now_ = std::max(now_, sleepers_.begin()->first);
      sleepers_.begin()->second->cancel();
    }
    now_ = end;
  }

 private:
  base::asio::io_context& io_;
  base::wall_time now_;
  std::chrono::seconds skew_{0};
  long readings_ = 0;
  std::multimap<base::wall_time, base::steady_timer*> sleepers_;
};

}  // namespace cardea::test_support
