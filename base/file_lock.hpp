#pragma once

#include "base/error.hpp"

#include <string>
#include <utility>

namespace cardea::base {

/// The right to do what a file stands for, for one process at a time and as long as it likes.
///
/// The kernel keeps it and takes it back when the process ends, in whatever way: a lock that is there belongs to a
/// process that lives, and nothing is to be renewed. (For turns that end by themselves, of machines that share a
/// folder, there is file_lease.) The file stays, and holds its owner's number for messages only.
class file_lock {
 public:
  file_lock(file_lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  file_lock& operator=(file_lock&& other) noexcept;
  ~file_lock();

  /// Makes the file, and its folder, when they are missing. Never waits. errc::cancelled when another process has it, with a
  /// context that names the file and the process; errc::io when this cannot be known.
  [[nodiscard]] static result<file_lock> take(const std::string& path);

 private:
  explicit file_lock(int fd) noexcept : fd_(fd) {}

  int fd_;
};

}  // namespace cardea::base
