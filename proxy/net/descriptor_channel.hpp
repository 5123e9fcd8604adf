#pragma once

#include "base/error.hpp"
#include "proxy/net/socket.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cardea::proxy::net {

/// Messages with descriptors between two processes of this machine, each whole or not at all.
///
/// They pass through memory only. Neither end waits for longer than it says.
class descriptor_channel {
 public:
  static constexpr std::size_t descriptors_max = 200;     ///< of one message; the kernel's own limit is 253
  static constexpr std::size_t message_bytes_max = 64 * 1024;

  struct message {
    char kind = 0;
    std::string text;
    std::vector<file_descriptor> descriptors;
  };

  descriptor_channel() = default;
  explicit descriptor_channel(file_descriptor end) noexcept : fd_(std::move(end)) {}

  /// Two ends; the second one is for the other process.
  [[nodiscard]] static base::result<std::pair<descriptor_channel, file_descriptor>> pair();
  /// Whether a number that another process told us is an end of such a channel.
  [[nodiscard]] static bool is_channel(int fd) noexcept;

  /// REQUIRES: text and descriptors within the maximums. The descriptors stay the caller's. Fails when the other
  /// end is closed, or takes nothing for `patience`.
  [[nodiscard]] base::result<void> send(char kind, std::string_view text, const std::vector<int>& descriptors = {},
                                        std::chrono::milliseconds patience = std::chrono::seconds(5));

  /// The next message that is there, without waiting: nothing when there is none yet, errc::closed when the other
  /// end is gone, errc::limit_exceeded when one was cut.
  [[nodiscard]] base::result<std::optional<message>> receive();
  /// Waits for one; errc::timed_out after `patience`.
  [[nodiscard]] base::result<message> await(std::chrono::milliseconds patience);

  [[nodiscard]] int get() const noexcept { return fd_.get(); }
  void close() noexcept { fd_.reset(); }
  /// The other end, and whoever waits at this one, finds it closed.
  void shut_down() noexcept;
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(fd_); }

 private:
  [[nodiscard]] bool wait_for(short events, std::chrono::steady_clock::time_point until) const noexcept;

  file_descriptor fd_;
};

}  // namespace cardea::proxy::net
