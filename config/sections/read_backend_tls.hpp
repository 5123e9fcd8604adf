#pragma once

#include "config/sections/read_inbound_mtls.hpp"
#include "config/sections/route.hpp"

namespace cardea::config {

/// GoDoxy's `no_tls_verify` and `ssl_*` of a route. A key that has no effect, because the
/// backend is not `https`, is warned about.
[[nodiscard]] backend_tls_section read_backend_tls(mapping& keys, bool is_https, const pem_source& read);

}  // namespace cardea::config
