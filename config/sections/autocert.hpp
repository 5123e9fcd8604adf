#pragma once

#include "base/secret.hpp"

#include <map>
#include <string>
#include <vector>

namespace cardea::config {

enum class key_type { ec256, ec384, rsa2048, rsa3072, rsa4096, rsa8192 };

/// One certificate that is obtained, renewed and served: `main` or `extra[N]`.
///
/// Inheritance is already applied: an extra holds the values it ends up with.
struct certificate_request {
  std::string name;  ///< "main" or "extra[N]", N from 0: prefixes every message
  std::string provider = "local";
  std::string email;
  std::vector<std::string> domains;  ///< normalised, as written otherwise, wildcards included
  std::string cert_path = "certs/cert.crt";
  std::string key_path = "certs/priv.key";
  /// P-256, SEC1 DER, mode 0600. Shared by main and all extras unless their CA
  /// differs; then derived from the CA's address.
  std::string acme_key_path = "certs/acme.key";
  std::map<std::string, base::secret> options;  ///< of the DNS provider; all print as ***
  std::vector<std::string> resolvers;           ///< "host[:port]" of recursive name servers
  std::string ca_dir_url;                       ///< empty = Let's Encrypt production
  std::string profile;                          ///< of the CA's (`shortlived` ...); empty = the CA's default
  std::string preferred_chain;        ///< common name of an issuer in the chain that is wanted, of several
  bool reuse_key = false;             ///< renewals keep the certificate's key
  std::vector<std::string> ca_certs;  ///< PEM files trusted for the CA besides the system's
  std::string eab_kid;
  base::secret eab_hmac;
  key_type certificate_key_type = key_type::ec256;

  friend bool operator==(const certificate_request&, const certificate_request&) = default;
};

struct autocert_section {
  certificate_request main;
  std::vector<certificate_request> extra;

  friend bool operator==(const autocert_section&, const autocert_section&) = default;
};

}  // namespace cardea::config
