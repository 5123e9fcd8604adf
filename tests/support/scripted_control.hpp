#pragma once

#include "autocert/status.hpp"

#include <utility>
#include <vector>

namespace cardea::tests {

/// An autocert::control whose certificates and renewals a test decides.
class scripted_control final : public autocert::control {
 public:
  [[nodiscard]] std::vector<autocert::certificate_status> certificates() const override { return served; }

  [[nodiscard]] std::vector<autocert::certificate_status> states() const override { return served; }

  autocert::force_result force_expiry_all(
      std::function<void(std::vector<autocert::renewal_outcome>)> finished) override {
    ++forced_count;
    if (on_force) on_force();
    if (busy) return autocert::force_result::already_running;
    finished_ = std::move(finished);
    return autocert::force_result::started;
  }

  /// Ends the renewal that is running.
  void finish(std::vector<autocert::renewal_outcome> outcomes) {
    const auto call = std::exchange(finished_, nullptr);
    call(std::move(outcomes));
  }

  [[nodiscard]] bool running() const { return finished_ != nullptr; }

  std::vector<autocert::certificate_status> served;
  std::function<void()> on_force;
  bool busy = false;  ///< a renewal that somebody else forced is running
  int forced_count = 0;

 private:
  std::function<void(std::vector<autocert::renewal_outcome>)> finished_;
};

}  // namespace cardea::tests
