#pragma once

#include "base/error.hpp"
#include "base/file_calls.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

/// Files that are seen whole or not at all.
///
/// Every failure is errc::io (errc::not_found where said), and its context
/// names the path, the cause and what to do about it.
namespace cardea::base {

/// Replaces `path` by a file of these bytes and exactly this mode, durably:
/// after success the new content survives a power cut; after a failure or a
/// crash the old content is still there. A symbolic link is followed, so the
/// link stays. The folder must exist.
[[nodiscard]] result<void> write_file_atomically(const std::string& path, std::string_view bytes,
                                                 unsigned mode, file_calls& calls = system_file_calls());

/// The whole content; errc::not_found when there is no such file,
/// errc::limit_exceeded when it is longer than `bytes_max`.
[[nodiscard]] result<std::string> read_file(const std::string& path, std::size_t bytes_max);

/// Removes a file durably; an absent one is a success.
[[nodiscard]] result<void> remove_file(const std::string& path, file_calls& calls = system_file_calls());

/// Creates `path` and what is missing above it with this mode. Folders that
/// exist are left as they are. An empty path is the working directory.
[[nodiscard]] result<void> make_directories(const std::string& path, unsigned mode,
                                            file_calls& calls = system_file_calls());

/// The folder of a path; "." for a bare name.
[[nodiscard]] std::string directory_of(const std::string& path);

/// Removes what interrupted calls of write_file_atomically(path) left behind,
/// when it is older than `age` (another process may be writing a younger one).
void remove_stale_temporaries(const std::string& path, std::chrono::seconds age);

}  // namespace cardea::base
