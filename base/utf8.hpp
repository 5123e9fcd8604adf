#pragma once

#include <string>
#include <string_view>

namespace cardea::base {

/// The text with each byte that is not part of valid UTF-8 (RFC 3629) replaced
/// by U+FFFD.
[[nodiscard]] std::string valid_utf8(std::string_view text);

}  // namespace cardea::base
