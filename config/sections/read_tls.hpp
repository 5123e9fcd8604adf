#pragma once

#include "config/reader.hpp"
#include "config/sections/tls.hpp"

namespace cardea::config {

/// `entrypoint.tls`. What the TLS library does not know and what is weak is refused by name.
[[nodiscard]] tls_section read_tls(const value& from);

}  // namespace cardea::config
