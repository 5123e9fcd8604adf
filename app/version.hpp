#pragma once

#include <string_view>

namespace cardea::app {

/// The release this binary was built from, as `cardea version` and the API report it ("0.1.0").
[[nodiscard]] std::string_view version_text();

}  // namespace cardea::app
