#pragma once

#include "base/log.hpp"
#include "proxy/access_log/destination.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cardea::proxy::access_log {

/// Lines that wait for one destination, and what happens while it takes none: they wait up to a maximum, beyond it they
/// are dropped and counted. Journal's thread only.
class outlet {
 public:
  static constexpr std::size_t waiting_bytes_max = 4U << 20U;

  explicit outlet(std::unique_ptr<destination> to) : log_("access_log"), to_(std::move(to)) {}

  void take(std::string_view line);
  /// Writes what it can; true when something is left or wants to be tended soon.
  bool work(moment now);
  void reopen() { to_->reopen(); }
  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }
  /// Since it was asked last.
  [[nodiscard]] std::uint64_t take_dropped() noexcept { return std::exchange(dropped_, 0); }
  /// Gives up what waits.
  void drop_waiting() noexcept;
  [[nodiscard]] destination& to() noexcept { return *to_; }

 private:
  void flush(moment now);
  void forget_written();
  void tell(moment now, int failure);

  base::logger log_;
  std::unique_ptr<destination> to_;
  std::string waiting_;       ///< from the begin of a line
  std::size_t written_ = 0;   ///< of what waits
  std::uint64_t generation_ = 0;
  std::uint64_t dropped_ = 0;
  moment retry_at_{};
  moment tend_at_{};
  moment quiet_until_{};
};

}  // namespace cardea::proxy::access_log
