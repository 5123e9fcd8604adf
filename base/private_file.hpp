#pragma once

#include "base/error.hpp"
#include "base/file_calls.hpp"

#include <optional>
#include <string>

/// Files that are for their owner's eyes only: private keys.
namespace cardea::base {

struct exposure {
  bool is_mode = false;  ///< the file's own mode: make_private repairs it
  std::string why;
  std::string remedy;  ///< a command
};

/// How others than this process's user and root could read the file, or put
/// another in its place; nothing when they cannot, or when there is no file.
/// Symbolic links are followed.
[[nodiscard]] std::optional<exposure> exposure_of(const std::string& path);

/// Takes all rights from group and others. errc::io when this is not allowed.
[[nodiscard]] result<void> make_private(const std::string& path, file_calls& calls = system_file_calls());

}  // namespace cardea::base
