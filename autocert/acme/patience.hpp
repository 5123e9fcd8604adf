#pragma once

#include "base/async.hpp"

#include <chrono>
#include <functional>
#include <optional>

namespace cardea::autocert::acme {

/// The pauses between the questions whether a CA is done: as long as it asks
/// for, within the limits, else a little longer each time.
class patience {
 public:
  using sleep_function = std::function<base::awaitable<void>(std::chrono::steady_clock::duration)>;
  struct limits {
    std::chrono::seconds poll_max{300};         ///< for validation of all names, and again for issuing
    std::chrono::milliseconds poll_first{100};  ///< without Retry-After: doubled up to poll_pause_max
    std::chrono::milliseconds poll_pause_max{2'000};
    std::chrono::seconds retry_after_max{30};  ///< a longer wish of the CA is cut while polling
  };

  patience(limits bounds, sleep_function sleep)
      : limits_(bounds), sleep_(std::move(sleep)), next_(bounds.poll_first) {}

  /// Waits before the next question; false when the patience is at its end.
  [[nodiscard]] base::awaitable<bool> wait(std::optional<std::chrono::seconds> asked);

 private:
  limits limits_;
  sleep_function sleep_;
  std::chrono::milliseconds next_;
  std::chrono::milliseconds waited_{0};
};

}  // namespace cardea::autocert::acme
