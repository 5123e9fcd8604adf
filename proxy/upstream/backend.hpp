#pragma once

#include "base/address.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace cardea::proxy::upstream {

/// Where a route's requests go, resolved. Immutable.
struct backend {
  std::string host;  ///< as configured: the name to verify and to send as SNI
  std::uint16_t port = 80;
  bool tls = false;
  bool verify = true;
  std::vector<base::address> addresses;  ///< tried in order; empty when the name did not resolve

  /// Everything that two leases must share to share a pool (V13): name,
  /// port, TLS and verification, addresses.
  [[nodiscard]] std::string pool_key() const;
};

}  // namespace cardea::proxy::upstream
