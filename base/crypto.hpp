#pragma once

#include <array>
#include <string_view>

namespace cardea::base {

/// SHA-256 (FIPS 180-4) of the bytes of `bytes`.
[[nodiscard]] std::array<unsigned char, 32> sha256(std::string_view bytes);

}  // namespace cardea::base
