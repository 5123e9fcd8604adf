#pragma once

#include <cstdint>
#include <string_view>

/// Hashes that are the same on every machine and in every process, for choosing backends. Not for secrets.
namespace cardea::proxy::upstream {

/// Spreads every bit of the input over all of the output (the finaliser of MurmurHash3).
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t value) noexcept {
  value ^= value >> 33U;
  value *= 0xff51afd7ed558ccdULL;
  value ^= value >> 33U;
  value *= 0xc4ceb9fe1a85ec53ULL;
  return value ^ value >> 33U;
}

/// FNV-1a, then mixed.
[[nodiscard]] constexpr std::uint64_t hash_of(std::string_view text) noexcept {
  std::uint64_t out = 0xcbf29ce484222325ULL;
  for (const char c : text) out = (out ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return mixed(out);
}

}  // namespace cardea::proxy::upstream
