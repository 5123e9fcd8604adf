#pragma once

#include <algorithm>
#include <cstddef>

namespace cardea::proxy::upstream {

/// Bounds what retries add to the load of a group that is failing (U11): each request earns a part of a retry,
/// each retry costs one. A burst of failures, as of one backend's death, may use what was saved up.
class retry_budget {
 public:
  /// A quiet group must be able to retry too.
  static constexpr std::size_t reserve = 10;
  static constexpr std::size_t saved_max = 200;

  explicit retry_budget(std::size_t percent) noexcept : percent_(percent) {}

  void follow(std::size_t percent) noexcept { percent_ = percent; }
  void earn() noexcept { hundredths_ = std::min(hundredths_ + percent_, saved_max * 100); }
  [[nodiscard]] bool spend() noexcept {
    if (percent_ == 0 || hundredths_ < 100) return false;
    hundredths_ -= 100;
    return true;
  }

 private:
  std::size_t percent_;
  std::size_t hundredths_ = reserve * 100;
};

}  // namespace cardea::proxy::upstream
