#pragma once

#include "base/error.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace cardea::base {

/// The right to write into a folder, for one process at a time.
///
/// The kernel keeps it, on the file `.lock` in the folder, and takes it back when the process ends in whatever
/// way: a lock that is there belongs to a process that lives. The file stays, and holds its owner's number for
/// messages only.
class folder_lock {
 public:
  static constexpr std::string_view file_name = ".lock";

  folder_lock(folder_lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  folder_lock& operator=(folder_lock&& other) noexcept;
  ~folder_lock();

  /// Makes the folder when it is missing. Never waits. errc::cancelled when another process has it, with a
  /// context that names the folder and the process; errc::io when this cannot be known.
  [[nodiscard]] static result<folder_lock> take(const std::string& folder);

 private:
  explicit folder_lock(int fd) noexcept : fd_(fd) {}

  int fd_;
};

}  // namespace cardea::base
