#pragma once

#include "base/timer_wheel.hpp"

#include <algorithm>
#include <cstdint>

namespace cardea::proxy::http2 {

/// What a connection may cost us without getting anything done: one account for resets, empty
/// frames, pings and everything else that a polite client sends rarely (C.6 of the security
/// list). It fills again with time, so that a long life is no offence.
class flood_budget {
 public:
  struct bounds {
    std::uint32_t points_max = 10'000;
    std::uint32_t points_per_second = 330;
  };

  flood_budget(const bounds& limits, base::tick_ms now) noexcept
      : limits_(limits), points_(limits.points_max), filled_at_(now) {}

  enum class verdict : std::uint8_t {
    fine,
    warned,     ///< three quarters are gone: take no new streams
    exhausted,  ///< end the connection
  };

  [[nodiscard]] verdict spend(std::uint32_t points, base::tick_ms now) noexcept {
    fill(now);
    points_ = points_ > points ? points_ - points : 0;
    if (points_ == 0) return verdict::exhausted;
    return points_ < limits_.points_max / 4 ? verdict::warned : verdict::fine;
  }
  [[nodiscard]] std::uint32_t left() const noexcept { return points_; }

 private:
  void fill(base::tick_ms now) noexcept {
    const auto passed = static_cast<std::uint64_t>(std::max<base::tick_ms>(now - filled_at_, 0));
    const std::uint64_t earned = passed * limits_.points_per_second / 1'000;
    if (earned == 0) return;
    points_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(points_ + earned, limits_.points_max));
    filled_at_ = now;
  }

  bounds limits_;
  std::uint32_t points_;
  base::tick_ms filled_at_;
};

/// Prices. A stream that is reset costs a backend most.
namespace price {
inline constexpr std::uint32_t reset = 10;     ///< by the client, or by us because of the client
inline constexpr std::uint32_t answered = 5;   ///< a PING or SETTINGS, which we have to answer
inline constexpr std::uint32_t idle_frame = 1;  ///< a frame that moves nothing
}  // namespace price

}  // namespace cardea::proxy::http2
