#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// The names of a log's older files: `access.log.20261125-190000`, in UTC, and `-2` ... behind it for more of a second.
namespace cardea::proxy::access_log {

using wall_seconds = std::chrono::sys_seconds;

[[nodiscard]] std::string archive_name(const std::string& path, wall_seconds at, unsigned number);
/// When the file of that name was made one; nothing when the name is not one of an archive of `base`. Names without folders.
[[nodiscard]] std::optional<wall_seconds> archived_at(std::string_view base, std::string_view name);

/// Renames `path` to the name of a new archive, never over a file. Its name; empty and errno when that failed.
[[nodiscard]] std::string rename_to_archive(const std::string& path, wall_seconds now);
/// Removes the archives from before `oldest`; how many could not be removed.
std::size_t remove_archives(const std::string& path, wall_seconds oldest);

}  // namespace cardea::proxy::access_log
