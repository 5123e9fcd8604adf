#pragma once

#include <cstdint>
#include <random>

namespace cardea::proxy::stream {

/// A number that nobody outside can guess: who chooses addresses must not choose buckets.
[[nodiscard]] inline std::uint64_t random_seed() {
  std::random_device source;
  return static_cast<std::uint64_t>(source()) << 32U | source();
}

/// The finaliser of splitmix64: each bit of the result depends on each bit of the value.
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t value) noexcept {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

}  // namespace cardea::proxy::stream
