#pragma once

#include "base/timer_wheel.hpp"
#include "config/sections/load_balance.hpp"

#include <cstddef>
#include <cstdint>

namespace cardea::proxy::upstream {

/// What one worker knows of a backend's conduct: the circuit breaker with its slow start.
///
/// closed -> (`max_fails` failures in a row) -> open for `fail_timeout` -> half open: one request as a trial
/// -> closed with a slow start, or open for twice as long, at most `fail_timeout_max`. The active checks' word
/// (`set_up`) is above that. Pure: moments are handed in.
class record {
 public:
  explicit record(const config::load_balance_section& rules) noexcept { follow(rules); }
  /// Other rules from now on; what is known stays.
  void follow(const config::load_balance_section& rules) noexcept;

  /// The active checks' verdict. Coming up again begins a slow start, and what failed before is forgotten.
  void set_up(bool up, base::tick_ms now) noexcept;
  [[nodiscard]] bool up() const noexcept { return up_; }

  /// Whether a request may go there; false while put aside, or while a trial is under way.
  [[nodiscard]] bool trusted(base::tick_ms now) const noexcept;
  /// Put aside by its failures, be it due for a trial.
  [[nodiscard]] bool open() const noexcept { return open_until_ != 0; }
  /// Percent of its weight: less than 100 after it came back.
  [[nodiscard]] std::uint32_t share(base::tick_ms now) const noexcept;

  /// A request is sent there; true when it is the trial of an open circuit.
  [[nodiscard]] bool begin(base::tick_ms now) noexcept;
  /// How that ended: exactly one of the three for each `begin`. True when the circuit is closed again by it.
  bool succeed(bool trial, base::tick_ms now) noexcept;
  /// For how long the backend is put aside by it; 0: it is not, or was already.
  base::tick_ms fail(bool trial, base::tick_ms now) noexcept;
  void abandon(bool trial) noexcept;

 private:
  base::tick_ms pause_ = 0;      ///< the present one
  base::tick_ms pause_min_ = 0;
  base::tick_ms pause_max_ = 0;
  base::tick_ms slow_start_ = 0;
  base::tick_ms open_until_ = 0;  ///< 0: closed
  base::tick_ms back_since_ = 0;  ///< begin of the slow start; 0: none
  std::size_t fails_max_ = 0;
  std::size_t fails_ = 0;  ///< in a row
  bool up_ = true;
  bool trial_runs_ = false;
};

}  // namespace cardea::proxy::upstream
