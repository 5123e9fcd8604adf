#pragma once

#include "base/address.hpp"
#include "base/error.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace cardea::base {

/// A CIDR block, or one address: "10.0.0.0/8", "2001:db8::/32", "192.0.2.7".
///
/// An IPv4-mapped IPv6 address counts as the IPv4 address that it holds, on both sides.
class address_range {
 public:
  /// Bits beyond the prefix length are not looked at: "192.168.1.1/24" is the network of that host.
  [[nodiscard]] static result<address_range> parse(std::string_view text);

  /// Whatever its port.
  [[nodiscard]] bool contains(const address& candidate) const noexcept;
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const address_range&, const address_range&) = default;

 private:
  std::array<std::uint8_t, 16> network_{};  ///< IPv4 as ::ffff:a.b.c.d
  std::uint8_t bits_ = 128;                 ///< of all 128
};

}  // namespace cardea::base
