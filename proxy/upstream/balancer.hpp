#pragma once

#include "config/sections/load_balance.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cardea::proxy::upstream {

/// A backend as the balancer sees it.
struct candidate {
  std::uint32_t weight = 0;  ///< 0: must not be chosen now
  std::uint32_t active = 0;  ///< requests under way
};

/// Chooses one of several backends. Pure but for its own turn; allocates nothing after construction.
///
/// - round_robin: smooth, so that a backend of weight 5 among others is not asked five times in a row
/// - least_conn: the smallest active / weight; those that are equal in turn
/// - power_of_two: two drawn by weight, and the less busy of them
/// - ip_hash, hash: the highest score of key and backend (weighted rendezvous hashing): when a backend
///   leaves, only its own keys move, and they come back with it
class balancer {
 public:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  /// `identities`: a hash of each backend's name, which decides with a key where that goes. `seed` makes two
  /// workers draw differently.
  balancer(config::balance_mode mode, std::vector<std::uint64_t> identities, std::uint64_t seed);

  /// The index of the chosen one, or none when all weights are 0. `key` counts for the hash modes.
  /// REQUIRES: as many candidates as identities.
  [[nodiscard]] std::size_t choose(std::span<const candidate> among, std::uint64_t key) noexcept;

  /// Whether a backend's weight must not change for a while (slow start): other keys would move.
  [[nodiscard]] bool by_key() const noexcept {
    return mode_ == config::balance_mode::ip_hash || mode_ == config::balance_mode::hash;
  }

 private:
  template <class Allowed>
  [[nodiscard]] std::size_t in_turn(std::span<const candidate> among, Allowed allowed) noexcept;
  [[nodiscard]] std::size_t least_busy(std::span<const candidate> among) noexcept;
  [[nodiscard]] std::size_t of_two(std::span<const candidate> among) noexcept;
  [[nodiscard]] std::size_t drawn(std::span<const candidate> among, std::uint64_t total, std::size_t but) noexcept;
  [[nodiscard]] std::size_t by_score(std::span<const candidate> among, std::uint64_t key) const noexcept;

  config::balance_mode mode_;
  std::vector<std::uint64_t> identities_;
  std::vector<std::int64_t> credit_;  ///< of the smooth round robin
  std::uint64_t random_;
};

}  // namespace cardea::proxy::upstream
