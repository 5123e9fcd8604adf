#pragma once

#include "config/reader.hpp"
#include "config/sections/access_log.hpp"

#include <memory>

namespace cardea::config {

/// The key `access_log` of an entrypoint or a route; null when it is not there or switches nothing on.
[[nodiscard]] std::shared_ptr<const access_log_section> read_access_log(mapping& keys);

}  // namespace cardea::config
