#pragma once

#include "config/reader.hpp"

#include <string>
#include <vector>

namespace cardea::config {

/// Domains, normalised and each once. `from` is null when there are none. What
/// is wrong goes to its findings.
[[nodiscard]] std::vector<std::string> read_match_domains(const value& from);

}  // namespace cardea::config
