#pragma once

#include "config/sections/access_log.hpp"

#include <functional>
#include <span>
#include <string>

namespace cardea::config {

/// Access logs that share a file must keep its lines for the same time. `fail(index, message)` is called for each that
/// differs from the first one with its path; null sections are skipped.
void find_log_conflicts(std::span<const access_log_section* const> sections,
                        const std::function<void(std::size_t, std::string)>& fail);

}  // namespace cardea::config
