#pragma once

#include "config/reader.hpp"
#include "config/sections/files.hpp"

namespace cardea::config {

/// The keys of a route with scheme fileserver, taken from the route's own; of another scheme they are refused,
/// except for those that GoDoxy reads and does not use there.
[[nodiscard]] files_section read_files(mapping& keys, bool is_fileserver);

}  // namespace cardea::config
