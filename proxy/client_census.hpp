#pragma once

#include "base/address.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace cardea::proxy {

/// One worker's count of open connections by client: an IPv4 address, or a /64 of
/// IPv6, which is what one subscriber has (L08).
class client_census {
 public:
  /// `max` connections of one client; 0: any number.
  explicit client_census(std::size_t max) noexcept : max_(max) {}
  client_census(const client_census&) = delete;
  client_census& operator=(const client_census&) = delete;

  /// A connection's place in the count for as long as it lives. The census outlives it.
  class entry {
   public:
    entry(client_census& in, const base::address& client);
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;
    ~entry();

    /// False for one too many: it is not counted, and has to be closed.
    [[nodiscard]] bool admitted() const noexcept { return admitted_; }

   private:
    client_census& census_;
    std::array<std::uint8_t, 16> key_;
    bool admitted_ = true;
    bool counted_ = false;
  };

  [[nodiscard]] std::size_t clients() const noexcept { return counts_.size(); }

 private:
  using key = std::array<std::uint8_t, 16>;
  struct key_hash {
    std::size_t operator()(const key& value) const noexcept;
  };
  [[nodiscard]] static key key_of(const base::address& client) noexcept;

  std::size_t max_;
  std::unordered_map<key, std::uint32_t, key_hash> counts_;
};

}  // namespace cardea::proxy
