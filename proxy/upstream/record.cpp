#include "proxy/upstream/record.hpp"

#include <algorithm>
#include <utility>

namespace cardea::proxy::upstream {
namespace {

// With less it would hardly be seen whether it works.
constexpr base::tick_ms share_min = 10;

}  // namespace

void record::follow(const config::load_balance_section& rules) noexcept {
  fails_max_ = rules.max_fails;
  pause_min_ = rules.fail_timeout.count();
  pause_max_ = rules.fail_timeout_max.count();
  slow_start_ = rules.slow_start.count();
}

void record::set_up(bool up, base::tick_ms now) noexcept {
  if (up == std::exchange(up_, up) || !up) return;
  fails_ = 0;
  open_until_ = pause_ = 0;
  back_since_ = now;
}

bool record::trusted(base::tick_ms now) const noexcept {
  return open_until_ == 0 || (now >= open_until_ && !trial_runs_);
}

std::uint32_t record::share(base::tick_ms now) const noexcept {
  // A trial must come soon, or a circuit among many backends would stay open for long.
  if (open_until_ != 0 || back_since_ == 0 || slow_start_ == 0) return 100;
  const base::tick_ms gone = now - back_since_;
  if (gone >= slow_start_) return 100;
  return static_cast<std::uint32_t>(std::max(share_min, gone * 100 / slow_start_));
}

bool record::begin(base::tick_ms now) noexcept {
  if (open_until_ == 0 || now < open_until_ || trial_runs_) return false;
  trial_runs_ = true;
  return true;
}

bool record::succeed(bool trial, base::tick_ms now) noexcept {
  if (trial) trial_runs_ = false;
  // What began before the circuit opened proves nothing about now.
  if (open_until_ != 0 && !trial) return false;
  const bool closes = std::exchange(open_until_, 0) != 0;
  if (closes) back_since_ = now;
  fails_ = 0;
  // The next time begins small again once the slow start has gone well.
  if (back_since_ == 0 || now - back_since_ >= slow_start_) pause_ = 0;
  return closes;
}

base::tick_ms record::fail(bool trial, base::tick_ms now) noexcept {
  if (trial) trial_runs_ = false;
  if (fails_max_ == 0 || (open_until_ != 0 && !trial)) return 0;
  if (++fails_ < fails_max_ && !trial) return 0;
  pause_ = std::clamp(pause_ * 2, pause_min_, pause_max_);
  open_until_ = now + pause_;
  fails_ = 0;
  return pause_;
}

void record::abandon(bool trial) noexcept {
  if (trial) trial_runs_ = false;
}

}  // namespace cardea::proxy::upstream
