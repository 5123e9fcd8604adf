#pragma once

#include "api/outbox.hpp"
#include "base/async.hpp"
#include "base/log.hpp"

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace cardea::api {

/// Carries log lines of any thread to outboxes on the control thread.
///
/// Subscribed to the log only while there is an outbox. What logs never waits:
/// lines that come faster than the control thread takes them are counted and
/// replaced by one line that says how many are missing.
class live_log {
 public:
  static constexpr std::size_t staged_lines_max = 10'000;

  explicit live_log(base::executor where);
  live_log(const live_log&) = delete;
  live_log& operator=(const live_log&) = delete;
  ~live_log();

  /// Every line that is logged after this call will be pushed to `box`.
  void attach(std::shared_ptr<outbox> box);
  void detach(const std::shared_ptr<outbox>& box);

  /// Pushes what has been logged up to now, so that something may follow it.
  void drain();

 private:
  struct stage;

  base::executor where_;
  std::shared_ptr<stage> stage_;
  base::log_subscription subscription_;
  std::vector<std::shared_ptr<outbox>> boxes_;
};

/// Whether a line is the API's own chatter (below info): sending such lines
/// would log more of them.
[[nodiscard]] bool is_own_chatter(const base::log_line& line) noexcept;

}  // namespace cardea::api
