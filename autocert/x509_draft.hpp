#pragma once

#include "base/certificate.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

#include <openssl/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace cardea::autocert {

/// What a certificate that we sign ourselves is to say.
struct x509_draft {
  std::string common_name;             ///< may be empty for a leaf
  std::vector<std::string> dns_names;  ///< SAN: wildcards included, and IP addresses besides
  base::wall_time not_before;
  base::wall_time not_after;
  bool is_root = false;              ///< CA:TRUE, pathlen 0, keyCertSign; else a server leaf
  std::string acme_identifier = {};  ///< tls-alpn-01: the digest that the CA looks for, up to 127 bytes
};

/// Signs a draft for the key of a subject; `issuer` null signs it with itself.
///
/// X.509 v3 with a random 127-bit serial number, SKI, AKI (leaf), and for a
/// leaf digitalSignature and serverAuth (RFC 5280, 4.2.1). SHA-256.
/// errc::invalid_argument when OpenSSL refuses a value.
[[nodiscard]] base::result<base::x509_ptr> sign(const x509_draft& draft, EVP_PKEY* subject_key, X509* issuer,
                                                EVP_PKEY* issuer_key);

[[nodiscard]] std::string to_pem(X509* certificate);

}  // namespace cardea::autocert
