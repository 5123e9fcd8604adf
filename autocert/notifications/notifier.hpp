#pragma once

#include "autocert/notifications/notice.hpp"
#include "base/async.hpp"
#include "base/fetch.hpp"
#include "base/log.hpp"
#include "base/task_group.hpp"
#include "config/sections/notification.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace cardea::autocert::notifications {

/// Delivers notices to all services, each by itself and one after the other.
///
/// Nobody waits for it: what a service does not take in time queues up, bounded,
/// and is tried again. What fails for good is a warning in the log, which names
/// the service and never an address or a token. Control thread only.
class notifier {
 public:
  using sleep_function = std::function<base::awaitable<void>(std::chrono::steady_clock::duration)>;

  /// Waiting for one service; beyond, the oldest is dropped.
  static constexpr std::size_t queue_max = 100;

  notifier(base::executor where, base::fetch fetch, sleep_function sleep = base::sleep_for);
  notifier(const notifier&) = delete;
  notifier& operator=(const notifier&) = delete;

  /// Who is told from now on. What waits for the former ones is still delivered to them.
  void use(const std::vector<config::notification_section>& services);

  /// Returns at once; delivery begins after the caller has.
  void send(const notice& what);

  /// Ends deliveries, and takes nothing more; what was waiting is logged.
  void stop();
  /// Completes when nothing runs any more. REQUIRES: before destruction.
  [[nodiscard]] base::awaitable<void> join();

 private:
  struct service;

  [[nodiscard]] base::awaitable<void> deliver_all(std::shared_ptr<service> to);
  [[nodiscard]] base::awaitable<void> deliver(std::shared_ptr<service> to, notice what);
  [[nodiscard]] std::chrono::milliseconds jittered(std::chrono::milliseconds pause);

  base::fetch fetch_;
  sleep_function sleep_;
  base::logger log_;
  std::minstd_rand random_;
  std::vector<std::shared_ptr<service>> services_;
  bool stopped_ = false;
  base::task_group tasks_;  ///< last: gone before what its children use
};

/// How often a notice is tried again after the first failure.
[[nodiscard]] int retries_max(severity level) noexcept;

/// The pause before the nth retry (from 1) without its jitter: 1 s, doubled, at most 5 minutes.
[[nodiscard]] std::chrono::milliseconds pause_before_retry(int nth) noexcept;

}  // namespace cardea::autocert::notifications
