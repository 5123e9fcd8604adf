#pragma once

#include "base/address.hpp"
#include "proxy/tls/backend_context.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cardea::proxy::upstream {

/// A server that requests are passed on to, resolved. Immutable.
struct backend {
  std::string host;  ///< as configured
  std::uint16_t port = 80;
  bool tls = false;
  bool http2 = false;  ///< it speaks HTTP/2 without being asked (h2c); never with `tls`
  tls::backend_options tls_options;      ///< with `tls` only
  std::vector<base::address> addresses;  ///< tried in order; empty when the name did not resolve

  std::uint32_t weight = 1;          ///< its share among the backends of its upstream; at least 1
  std::size_t connections_max = 0;   ///< all workers together; 0: no limit
  std::string sticky_token;          ///< what the sticky cookie says for it; empty: not sticky
  std::string set_cookie;            ///< the whole field line that hands the token out over TLS
  std::string set_cookie_clear;      ///< the same for a client without TLS

  /// What it is called in messages and in the view of health: host and port.
  [[nodiscard]] std::string name() const;
  /// Everything that two leases must share to share a pool (V13): name,
  /// port, TLS with all its options, addresses.
  [[nodiscard]] std::string pool_key() const;
};

}  // namespace cardea::proxy::upstream
