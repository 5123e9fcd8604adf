#pragma once

#include "base/timer_wheel.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>

namespace cardea::proxy::http {

/// How much of a request body may come, and how slowly.
struct body_limits {
  static constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

  std::uint64_t bytes_max = unlimited;
  std::size_t rate_min = 0;      ///< bytes a second on average once `grace` is over; 0: any
  base::tick_ms grace = 10'000;  ///< until then nothing is owed
};

/// Watches one request body against its limits (L02, L06). Decides only.
class body_allowance {
 public:
  body_allowance(const body_limits& limits, base::tick_ms now) noexcept : limits_(limits), begin_(now) {}

  /// Whether so many bytes more are within the limit.
  [[nodiscard]] bool admits(std::size_t bytes) const noexcept { return bytes <= limits_.bytes_max - taken_; }
  /// REQUIRES: admits(bytes).
  void take(std::size_t bytes) noexcept {
    taken_ += bytes;
    paid_ += bytes;
  }
  /// Somebody else held the body up: what was owed is forgiven, the grace begins anew.
  void forgive(base::tick_ms now) noexcept {
    begin_ = now;
    paid_ = 0;
  }
  /// When what has come will be too little.
  [[nodiscard]] base::tick_ms deadline() const noexcept {
    if (limits_.rate_min == 0) return base::no_deadline;
    constexpr std::uint64_t ahead_max = 1'000'000'000'000;  // more is as good as for ever, and cannot overflow
    const std::uint64_t ahead = paid_ < ahead_max ? paid_ * 1'000 / limits_.rate_min : ahead_max;
    return begin_ + limits_.grace + static_cast<base::tick_ms>(ahead);
  }

 private:
  body_limits limits_;
  base::tick_ms begin_;
  std::uint64_t taken_ = 0;
  std::uint64_t paid_ = 0;  ///< since the last forgiveness
};

}  // namespace cardea::proxy::http
