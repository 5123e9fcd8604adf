#pragma once

#include "config/document.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::config {

/// The value of one environment variable; nothing when it is not set.
using environment = std::function<std::optional<std::string>(const std::string& name)>;

/// The environment of this process.
[[nodiscard]] environment process_environment();

/// What `${NAME}` stands for: the first of CARDEA_NAME, GODOXY_NAME,
/// GOPROXY_NAME and NAME that is not empty; else empty when one of them is
/// set; else nothing.
[[nodiscard]] std::optional<std::string> variable(const environment& lookup, const std::string& name);

/// Puts the values of variables in the place of every `${NAME}` in keys and
/// scalars, wherever in them it stands. Values are not looked through again.
///
/// Adds one errc::unset_variable issue for every scalar and variable without
/// a value, and errc::limit_exceeded when the values are larger than
/// `document_limits::scalar_bytes_max` together.
void substitute_variables(document& in, const environment& lookup, std::vector<issue>& issues,
                          const document_limits& limits = {});

}  // namespace cardea::config
