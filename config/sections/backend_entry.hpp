#pragma once

#include "config/sections/backend_tls.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace cardea::config {

/// One server of a route.
struct backend_entry {
  std::string host = "localhost";
  std::uint16_t port = 80;
  bool tls = false;
  bool http2 = false;  ///< h2c: HTTP/2 without TLS and without asking
  backend_tls_section tls_options;  ///< with `tls` only
  std::size_t weight = 1;
  std::size_t max_conns_per_host = 0;  ///< all workers together; 0: no limit

  friend bool operator==(const backend_entry&, const backend_entry&) = default;
};

}  // namespace cardea::config
