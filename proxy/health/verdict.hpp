#pragma once

#include "proxy/health/probe.hpp"
#include "proxy/status.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace cardea::proxy::health {

/// What a row of checks of one backend means. Pure.
///
/// healthy -> (`failures_max` failures in a row) -> unhealthy -> (one success) -> healthy. Before anything is known
/// one failure is enough: a backend that was never seen to serve has no credit.
class verdict {
 public:
  using moment = std::chrono::steady_clock::time_point;

  explicit verdict(std::size_t failures_max) noexcept : failures_max_(failures_max) {}

  /// Takes in a finding; true when the status is another one now.
  bool note(const finding& found, std::chrono::nanoseconds latency, moment now);

  [[nodiscard]] health_status status() const noexcept { return status_; }
  [[nodiscard]] backend_health view(std::string name, moment now) const;

 private:
  std::size_t failures_max_;
  std::size_t failures_ = 0;  ///< in a row
  health_status status_ = health_status::unknown;
  moment since_{};
  std::chrono::nanoseconds latency_{0};
  std::string detail_;
};

}  // namespace cardea::proxy::health
