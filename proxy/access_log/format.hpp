#pragma once

#include "config/sections/access_log.hpp"
#include "proxy/access_log/entry.hpp"

#include <cstddef>
#include <string_view>

namespace cardea::proxy::access_log {

/// The line for a request, with its line feed; `time` is "02/Jan/2006:15:04:05 -0700". Its size.
/// REQUIRES: size as `line` needs it.
[[nodiscard]] std::size_t write_line(const config::access_log_section& how, const entry& what, std::string_view time,
                                     char* to, std::size_t size) noexcept;

}  // namespace cardea::proxy::access_log
