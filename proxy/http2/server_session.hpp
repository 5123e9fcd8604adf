#pragma once

#include "proxy/http2/server_connection.hpp"

namespace cardea::proxy::http2 {

/// Serves HTTP/2 on a stream until either side ends it; closes the stream. True when the
/// client was ended for its behaviour.
[[nodiscard]] net::task<bool> serve_http2(tls::stream& stream, net::waiter& waiter, const http::client_info& client,
                                          const session_environment& environment);

}  // namespace cardea::proxy::http2
