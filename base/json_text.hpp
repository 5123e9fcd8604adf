#pragma once

#include <string>
#include <string_view>

/// JSON where only its text matters.
namespace cardea::base {

[[nodiscard]] bool is_json(std::string_view text);

/// The text as a JSON string with its quotes; what is not UTF-8 becomes U+FFFD.
[[nodiscard]] std::string json_quoted(std::string_view text);

}  // namespace cardea::base
