#pragma once

#include "base/file_calls.hpp"
#include "base/log.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::autocert {

/// So many copies of one file are kept; the oldest goes before one more is made.
inline constexpr std::size_t damaged_copies_max = 8;

/// Keeps a copy of a file that is of no use and will be replaced:
/// `<path>.damaged-<hash>`, named by content, so that finding the same damage
/// again makes no second copy. What went wrong is logged.
void set_aside(const std::string& path, std::string_view bytes, unsigned mode, const base::logger& log,
               base::file_calls& calls);

/// Those copies of a file, oldest first.
[[nodiscard]] std::vector<std::string> damaged_copies_of(const std::string& path);

}  // namespace cardea::autocert
