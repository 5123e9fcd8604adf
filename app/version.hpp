#pragma once

#include <string_view>

namespace cardea::app {

inline constexpr std::string_view version_text = CARDEA_VERSION;

}  // namespace cardea::app
