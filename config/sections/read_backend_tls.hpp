#pragma once

#include "config/sections/read_inbound_mtls.hpp"
#include "config/sections/route.hpp"

namespace cardea::config {

/// GoDoxy's `no_tls_verify` and `ssl_*` of a route, or of one of its backends; what is not written is as in
/// `common`. A key that has no effect, because the backend is not `https`, is warned about.
[[nodiscard]] backend_tls_section read_backend_tls(mapping& keys, bool is_https, const pem_source& read,
                                                   backend_tls_section common = {});

}  // namespace cardea::config
