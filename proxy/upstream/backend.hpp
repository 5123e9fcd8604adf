#pragma once

#include "base/address.hpp"
#include "proxy/tls/backend_context.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace cardea::proxy::upstream {

/// Where a route's requests go, resolved. Immutable.
struct backend {
  std::string host;  ///< as configured
  std::uint16_t port = 80;
  bool tls = false;
  tls::backend_options tls_options;      ///< with `tls` only
  std::vector<base::address> addresses;  ///< tried in order; empty when the name did not resolve

  /// Everything that two leases must share to share a pool (V13): name,
  /// port, TLS with all its options, addresses.
  [[nodiscard]] std::string pool_key() const;
};

}  // namespace cardea::proxy::upstream
