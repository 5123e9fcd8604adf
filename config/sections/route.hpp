#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace cardea::base {
class certificate;
class trust_store;
}

namespace cardea::config {

enum class route_scheme { http, https, fileserver };

/// What is asked of TLS with an https backend.
struct backend_tls_section {
  bool no_verify = false;   ///< any certificate will do
  bool send_name = true;    ///< as SNI
  std::string server_name;  ///< sent, and expected in the certificate; empty: the route's host
  bool tls12 = true;        ///< versions that are spoken; at least one
  bool tls13 = true;
  std::shared_ptr<const base::trust_store> trusted;      ///< null: the system's CAs
  std::shared_ptr<const base::certificate> certificate;  ///< our own; or null
};

struct route_section {
  std::string alias;  ///< lower case: "app" answers for app.<domain>; one with a dot is a full host name; may
                      ///< be `*.suffix`
  route_scheme scheme = route_scheme::http;
  std::string host = "localhost";
  std::uint16_t port = 80;
  std::chrono::milliseconds response_header_timeout{60'000};
  backend_tls_section tls;  ///< https backends only
  /// Who vouches for this route's clients; null: they need no certificate.
  std::shared_ptr<const base::trust_store> client_cas;
  std::string root;            ///< fileserver: absolute folder
  std::string index = "/index.html";
  bool spa = false;    ///< fileserver: unknown paths get the index
  std::string source;  ///< "file:line:column" of the definition, for messages
};

}  // namespace cardea::config
