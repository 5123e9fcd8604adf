#pragma once

#include "base/error.hpp"

#include <chrono>
#include <string>

namespace cardea::base {

/// A turn that processes take one after the other: a file says whose it is.
///
/// The holder renews it while it works. It is stale, and the next one's, when it was not renewed for as long
/// as was agreed, measured by who waits (no two clocks are compared), or at once when its process is gone from
/// this machine. The file stays, empty, when the turn ends: a file that is removed and made again could be two.
/// Each look and each change happens under flock(2), which nobody holds for longer than that.
class file_lease {
 public:
  /// `stale_after`: longer than any holder goes without `renew`.
  file_lease(std::string path, std::chrono::steady_clock::duration stale_after);
  file_lease(const file_lease&) = delete;
  file_lease& operator=(const file_lease&) = delete;
  /// Releases what is held.
  ~file_lease();

  /// Whether it is ours now. `waited`: since the first try, on any clock that does not jump.
  /// errc::io: the file cannot be made, read or written.
  [[nodiscard]] result<bool> try_take(std::chrono::steady_clock::duration waited);

  /// False when it is somebody else's by now: we were taken for dead.
  [[nodiscard]] result<bool> renew();

  /// Never somebody else's. Tries for a second at most while others look; what fails is left to the rule about stale ones.
  void release() noexcept;

  [[nodiscard]] bool is_held() const noexcept { return !token_.empty(); }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  class look;
  [[nodiscard]] result<void> write_mine(look& at);

  std::string path_;
  std::chrono::steady_clock::duration stale_after_;
  std::string token_;  ///< of the turn that is ours; empty: none is
  unsigned long renewals_ = 0;
  std::string seen_;  ///< in the file, of somebody else
  std::chrono::steady_clock::duration seen_since_{};
};

}  // namespace cardea::base
