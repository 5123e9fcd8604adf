#pragma once

#include "proxy/http/exchange.hpp"
#include "proxy/http2/response_encoder.hpp"

#include <cstddef>

/// Request heads -> header blocks for backends (RFC 9113 section 8.3.1). Pure; allocates nothing.
namespace cardea::proxy::http2 {

/// No block of this request is longer.
[[nodiscard]] std::size_t block_bound(const http::exchange& from) noexcept;

/// Pseudo-fields, then what may travel on (T09, T10), Content-Length, and what we say about the
/// client (T11). `secure`: whether the backend is reached over TLS.
void write_request(block_writer& block, const http::exchange& from, bool secure) noexcept;

}  // namespace cardea::proxy::http2
