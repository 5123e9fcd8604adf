#pragma once

#include "autocert/status.hpp"
#include "base/clock.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace cardea::autocert {

inline constexpr std::size_t table_width_min = 80;

/// Certificates as text for people: a line of columns for each, then what there
/// is to say of it, wrapped at `width` columns (at least table_width_min).
[[nodiscard]] std::string status_table(const std::vector<certificate_status>& all, base::wall_time now,
                                       std::size_t width);

}  // namespace cardea::autocert
