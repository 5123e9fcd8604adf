#pragma once

#include "proxy/tls/server_context.hpp"
#include "proxy/tls/stream.hpp"

#include <string>

namespace cardea::proxy::tls {

/// One worker's TLS policy towards backends: the system's CAs, TLS 1.2 or newer.
class backend_context {
 public:
  backend_context();

  /// A session in connect state that sends `host` as SNI (unless it is an
  /// address) and, with `verify`, fails its handshake unless the certificate is
  /// valid for it (V13).
  [[nodiscard]] ssl_ptr make_session(const std::string& host, bool verify);

 private:
  ssl_ctx_ptr context_;
};

}  // namespace cardea::proxy::tls
