#pragma once

#include "proxy/net/socket.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace cardea::proxy::net {

/// A pipe of the kernel's through which bytes go from socket to socket without a copy (splice).
struct pipe {
  file_descriptor out;  ///< reading end
  file_descriptor in;   ///< writing end
  std::size_t bytes = 0;  ///< in it

  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(out); }
};

/// One worker's pipes, last in first out. A connection that has nothing in one gives it back.
class pipe_pool {
 public:
  /// Kept for reuse; each is two descriptors.
  static constexpr std::size_t spare_max = 64;
  /// What the kernel is asked for; it may give less.
  static constexpr int pipe_bytes = 256 * 1024;

  /// Empty when there are no descriptors left.
  [[nodiscard]] pipe take() noexcept;
  /// A pipe that still holds something is closed: nobody else must get it.
  void give_back(pipe used) noexcept;

  /// Moves bytes from a socket into an empty pipe, or from a pipe to a socket; clears the watch's
  /// flag when nothing more can move.
  [[nodiscard]] static io_result fill(pipe& into, watch& from) noexcept;
  [[nodiscard]] static io_result drain(pipe& from, watch& into) noexcept;

 private:
  std::vector<pipe> spare_ = reserved();
  static std::vector<pipe> reserved() {
    std::vector<pipe> out;
    out.reserve(spare_max);
    return out;
  }
};

}  // namespace cardea::proxy::net
