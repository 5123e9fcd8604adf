#pragma once

#include "base/async.hpp"
#include "base/log.hpp"
#include "base/task_group.hpp"
#include "proxy/health/probe.hpp"
#include "proxy/health/verdict.hpp"
#include "proxy/status.hpp"
#include "proxy/upstream/health_view.hpp"

#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace cardea::proxy::health {

/// Checks all backends again and again, and says who is down. Control thread only.
class monitor final : public health_source {
 public:
  struct environment {
    base::executor where;
    prober probe;
    std::function<void(upstream::health_snapshot)> publish;
  };
  explicit monitor(environment outside);
  monitor(const monitor&) = delete;
  monitor& operator=(const monitor&) = delete;
  /// REQUIRES: stopped and nothing runs any more (or the io_context is gone).
  ~monitor() override;

  /// These routes from now on; who is checked as before keeps its verdict.
  void watch(const std::vector<config::route_section>& routes);
  /// Ends every check, the ones under way too; nothing is published any more. REQUIRES: called from within the
  /// executor's context.
  void stop();

  [[nodiscard]] std::vector<route_health> health() const override;

 private:
  struct watched;
  [[nodiscard]] base::awaitable<void> check(std::shared_ptr<watched> each);
  void tell(const watched& about, const finding& found) const;
  void publish() const;
  [[nodiscard]] std::chrono::steady_clock::duration about(std::chrono::milliseconds interval);

  environment outside_;
  base::logger log_;
  base::task_group tasks_;
  std::minstd_rand random_;
  std::vector<std::shared_ptr<watched>> all_;
  bool stopping_ = false;
};

}  // namespace cardea::proxy::health
