#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace cardea::proxy::access_log {

using moment = std::chrono::steady_clock::time_point;

/// Where lines end up. Journal's thread only.
class destination {
 public:
  destination() = default;
  destination(const destination&) = delete;
  destination& operator=(const destination&) = delete;
  virtual ~destination() = default;

  [[nodiscard]] virtual const std::string& name() const noexcept = 0;
  /// How many bytes were taken, without waiting; -1 and errno when none were.
  [[nodiscard]] virtual long write(std::string_view text) noexcept = 0;
  /// Does what is due besides writing; true when it wants to be called again soon.
  [[nodiscard]] virtual bool tend(moment now) = 0;
  /// Starts a new file at the path, if that is what it is.
  virtual void reopen() = 0;
  /// Changes when what comes goes to another file than what came before.
  [[nodiscard]] virtual std::uint64_t generation() const noexcept = 0;
};

}  // namespace cardea::proxy::access_log
