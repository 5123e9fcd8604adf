#pragma once

#include "proxy/net/socket.hpp"

#include <sys/stat.h>

#include <cstdint>
#include <string>

namespace cardea::proxy::files {

struct opened {
  net::file_descriptor fd;  ///< for reading; empty when it could not be opened
  int error = 0;            ///< then the errno
  struct stat info {};

  [[nodiscard]] bool is_file() const noexcept { return fd && S_ISREG(info.st_mode); }
  [[nodiscard]] bool is_folder() const noexcept { return fd && S_ISDIR(info.st_mode); }
};

/// A folder that nothing leads out of: no `..`, no link, no mount's magic.
///
/// Nothing that is opened blocks, whatever it is: a pipe without a writer is open at once and empty.
class folder {
 public:
  enum class guard : std::uint8_t {
    kernel,  ///< openat2 with RESOLVE_BENEATH: relative links that stay inside are followed
    walk,    ///< segment by segment, where the kernel or a sandbox does not know openat2: no links at all
  };
  /// The best that this machine has; asked for once.
  [[nodiscard]] static guard best_guard() noexcept;

  explicit folder(const std::string& name, guard by = best_guard()) noexcept;

  /// 0, or the errno with which the folder itself could not be opened.
  [[nodiscard]] int error() const noexcept { return error_; }
  /// `path` begins with a slash, which stands for the folder; behind a final one there is a folder or nothing.
  [[nodiscard]] opened open(const std::string& path) const;

 private:
  [[nodiscard]] int open_by_walk(const std::string& path) const;

  net::file_descriptor root_;
  guard guard_;
  int error_ = 0;
};

/// Whether an errno of `folder::open` says that there is no such file, or none that may be reached.
[[nodiscard]] bool means_missing(int error) noexcept;

}  // namespace cardea::proxy::files
