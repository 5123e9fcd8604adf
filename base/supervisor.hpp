#pragma once

#include "base/error.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What systemd, or another service manager with its protocols, gives this process and wants to be told.
///
/// By hand, because both are a few lines: the variables of sd_listen_fds(3), a datagram of sd_notify(3).
namespace cardea::base {

/// A socket that was bound before this process began. Whoever takes it closes it.
struct activated_socket {
  int fd = -1;
  std::string name;  ///< of the unit, or what FileDescriptorName= says
};

/// The sockets that are meant for this process; none when they are not. They are not passed on to children, and the
/// variables are gone afterwards: call once, before other threads and descriptors.
[[nodiscard]] result<std::vector<activated_socket>> take_activated_sockets();

class supervisor {
 public:
  /// Of this process's environment.
  supervisor();

  [[nodiscard]] bool is_there() const noexcept { return !address_.empty(); }
  /// How often it wants a sign of life; nothing when it does not.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval() const noexcept { return watchdog_; }

  /// Lines of `NAME=value`. Nothing happens when nobody is there; an error is for the log.
  [[nodiscard]] result<void> tell(std::string_view lines) const;
  /// What a reload begins with: says when, so that it is not mistaken for an earlier one.
  [[nodiscard]] static std::string reloading();

 private:
  std::string address_;
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace cardea::base
