#pragma once

#include "config/reader.hpp"
#include "config/sections/backend_entry.hpp"
#include "config/sections/read_inbound_mtls.hpp"

#include <vector>

namespace cardea::config {

inline constexpr std::size_t backends_max = 256;

/// Our key `backends`: a list of mappings (host, port or url, scheme, weight, no_tls_verify and ssl_*,
/// max_conns_per_host) or of texts (`host:port`, `https://host`). `common` holds what the route says for all.
[[nodiscard]] std::vector<backend_entry> read_backends(const value& from, const backend_entry& common,
                                                       const pem_source& read);

}  // namespace cardea::config
