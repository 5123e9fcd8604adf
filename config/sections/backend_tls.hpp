#pragma once

#include <memory>
#include <string>

namespace cardea::base {
class certificate;
class trust_store;
}

namespace cardea::config {

/// What is asked of TLS with an https backend.
struct backend_tls_section {
  bool no_verify = false;   ///< any certificate will do
  bool send_name = true;    ///< as SNI
  std::string server_name;  ///< sent, and expected in the certificate; empty: the backend's host
  bool http2 = true;        ///< offered by ALPN
  bool tls12 = true;        ///< versions that are spoken; at least one
  bool tls13 = true;
  std::shared_ptr<const base::trust_store> trusted;      ///< null: the system's CAs
  std::shared_ptr<const base::certificate> certificate;  ///< our own; or null

  friend bool operator==(const backend_tls_section&, const backend_tls_section&) = default;
};

}  // namespace cardea::config
