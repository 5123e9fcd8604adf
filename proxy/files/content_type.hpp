#pragma once

#include "config/sections/files.hpp"

#include <string_view>

namespace cardea::proxy::files {

/// The media type of a file by its name's last extension, in any case: the route's own, else a built-in one, else
/// application/octet-stream. A view into `section` or into a constant.
[[nodiscard]] std::string_view content_type(std::string_view path, const config::files_section& section);

}  // namespace cardea::proxy::files
