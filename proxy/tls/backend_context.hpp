#pragma once

#include "base/certificate.hpp"
#include "base/trust_store.hpp"
#include "proxy/tls/server_context.hpp"
#include "proxy/tls/stream.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace cardea::proxy::tls {

/// What a route asks of TLS with its backend. Immutable.
struct backend_options {
  enum class version : std::uint8_t { tls12, tls13 };

  bool verify = true;       ///< the certificate must be vouched for, and valid for `name` (V13)
  std::string name;         ///< whose certificate is expected: a host name or an address
  bool send_name = true;    ///< as SNI, unless it is an address
  version min_version = version::tls12;
  version max_version = version::tls13;
  std::shared_ptr<const base::trust_store> trusted;      ///< null: the system's CAs
  std::shared_ptr<const base::certificate> certificate;  ///< our own, for a backend that asks for one; or null
  bool offer_http2 = true;  ///< by ALPN, where the exchange can use it

  /// Equal exactly for options under which a connection may be shared.
  [[nodiscard]] std::string key() const;
};

/// One worker's TLS policy towards backends.
class backend_context {
 public:
  backend_context();

  /// A session in connect state whose handshake fails unless the options are met; null when
  /// there is no memory for it.
  /// `offer_http2`: h2 and http/1.1 by ALPN; without, nothing is offered and HTTP/1.1 is meant.
  [[nodiscard]] ssl_ptr make_session(const backend_options& options, bool offer_http2 = false);

 private:
  ssl_ctx_ptr context_;
};

}  // namespace cardea::proxy::tls
