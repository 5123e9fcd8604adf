#pragma once

#include <array>
#include <string_view>

namespace cardea::base {

/// SHA-256 (FIPS 180-4) of the bytes of `bytes`.
[[nodiscard]] std::array<unsigned char, 32> sha256(std::string_view bytes);

/// The library that the process runs with, which may be newer than the one it was built with:
/// "OpenSSL 3.0.17 1 Jul 2025".
[[nodiscard]] std::string_view crypto_library();

}  // namespace cardea::base
