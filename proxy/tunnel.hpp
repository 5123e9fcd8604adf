#pragma once

#include "proxy/forward_settings.hpp"
#include "proxy/http/exchange.hpp"
#include "proxy/tls/stream.hpp"

namespace cardea::proxy {

/// Carries bytes both ways after a 101 (`leftover`: what the backend sent behind it), until both sides ended, one failed, or
/// nothing moved for the idle timeout. An end on one side is passed on as an
/// end, and the other direction goes on (half-close, U08).
[[nodiscard]] net::task<void> tunnel(http::exchange& client, tls::stream& backend,
                                     http1::input& leftover, const forward_settings& settings);

}  // namespace cardea::proxy
