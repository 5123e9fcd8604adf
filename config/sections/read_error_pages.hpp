#pragma once

#include "base/error.hpp"
#include "config/reader.hpp"
#include "config/sections/error_pages.hpp"

#include <functional>
#include <string>
#include <vector>

namespace cardea::config {

inline constexpr std::size_t error_page_count_max = 200;

/// The names of the regular files in a folder, in order; those that begin with a dot are left out.
/// Errors: base::errc::not_found, io, and limit_exceeded for more than error_page_count_max.
using folder_source = std::function<base::result<std::vector<std::string>>(const std::string& path)>;
[[nodiscard]] folder_source disk_folders();

/// The text of a file. Errors: base::errc::not_found and others.
using page_source = std::function<base::result<std::string>(const std::string& path)>;

/// The key `error_pages` of the entrypoint.
[[nodiscard]] error_pages_section read_error_pages(mapping& keys);

/// The files that it means; null for none. The folder that is looked for without being named may be missing.
[[nodiscard]] base::result<std::shared_ptr<const error_page_files>> read_error_page_files(
    const error_pages_section& from, const folder_source& list, const page_source& read);

}  // namespace cardea::config
