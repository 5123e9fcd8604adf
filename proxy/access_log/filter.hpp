#pragma once

#include "config/sections/access_log.hpp"
#include "proxy/access_log/entry.hpp"

namespace cardea::proxy::access_log {

/// Whether all filters keep the request. Allocates nothing.
[[nodiscard]] bool keeps(const config::access_log_filters& filters, const entry& what) noexcept;

}  // namespace cardea::proxy::access_log
