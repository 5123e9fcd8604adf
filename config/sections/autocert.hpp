#pragma once

#include "base/secret.hpp"
#include "config/sections/challenge.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cardea::config {

enum class key_type { ec256, ec384, rsa2048, rsa3072, rsa4096, rsa8192 };

/// An ACME CA that a certificate may come from, what is asked of it, and the account there.
struct certificate_issuer {
  std::string ca_dir_url;             ///< empty = Let's Encrypt production
  std::vector<std::string> ca_certs;  ///< PEM files trusted for the CA besides the system's
  /// P-256, SEC1 DER, mode 0600. Each CA has another; without one in the file
  /// it is derived from the CA's address.
  std::string acme_key_path = "certs/acme.key";
  std::string eab_kid;
  base::secret eab_hmac;
  /// Where an external account is given out for an e-mail address; empty = nowhere, nothing = where the CA
  /// is known to do it.
  std::optional<std::string> eab_url;
  /// Where a failing order is tried out first; empty = nowhere, nothing = the known CA's staging directory.
  std::optional<std::string> staging_dir_url;
  std::string profile;          ///< of the CA's (`shortlived` ...); empty = the CA's default
  bool profile_fallback = false;  ///< a CA without that profile is asked for its default instead
  std::string preferred_chain;  ///< common name of an issuer in the chain that is wanted, of several

  friend bool operator==(const certificate_issuer&, const certificate_issuer&) = default;
};

/// How a DNS record is waited for before the CA is asked to look at it.
struct propagation_settings {
  bool check = true;                                           ///< asks the zone's name servers
  std::optional<std::chrono::milliseconds> timeout;            ///< without: the DNS provider's
  std::optional<std::chrono::milliseconds> polling_interval;   ///< without: the DNS provider's
  std::chrono::milliseconds delay{0};                          ///< waited besides, after the check

  friend bool operator==(const propagation_settings&, const propagation_settings&) = default;
};

/// One certificate that is obtained, renewed and served: `main` or `extra[N]`.
///
/// Inheritance is already applied: an extra holds the values it ends up with.
/// The issuer that it is itself is the preferred one.
struct certificate_request : certificate_issuer {
  static constexpr unsigned issuer_tries_default = 2;

  std::string name;  ///< "main" or "extra[N]", N from 0: prefixes every message
  std::string provider = "local";
  std::string email;
  /// Normalised, as written otherwise: A-labels, wildcards included; IP addresses in canonical spelling.
  std::vector<std::string> domains;
  std::vector<challenge_type> challenges;  ///< in order of preference; empty: see challenges_of
  propagation_settings propagation;
  std::string cert_path = "certs/cert.crt";
  std::string key_path = "certs/priv.key";
  std::map<std::string, base::secret> options;   ///< of the DNS provider; all print as ***
  std::vector<std::string> resolvers;            ///< "host[:port]" of recursive name servers
  bool reuse_key = false;                        ///< renewals keep the certificate's key
  std::vector<certificate_issuer> fallbacks;     ///< asked in this order when the preferred one fails
  unsigned issuer_tries = issuer_tries_default;  ///< failures of an issuer before the next one is asked
  key_type certificate_key_type = key_type::ec256;
  /// A second certificate of the same names for clients that cannot use the
  /// first: of the other family, ECDSA or RSA.
  std::optional<key_type> second_key_type = {};

  friend bool operator==(const certificate_request&, const certificate_request&) = default;
};

/// What each issuer is asked for, the preferred one first: the request with that issuer and no fallbacks.
[[nodiscard]] std::vector<certificate_request> requests_by_issuer(const certificate_request& of);

/// The request with which an order is tried out before it is made; nothing where there is no place for that.
[[nodiscard]] std::optional<certificate_request> rehearsal_of(const certificate_request& of);

/// The address of the CA's directory, never empty.
[[nodiscard]] std::string directory_of(const certificate_issuer& ca);

[[nodiscard]] constexpr bool is_rsa(key_type type) noexcept {
  return type != key_type::ec256 && type != key_type::ec384;
}

/// The certificates that an entry stands for: one, or one for each of its key types. The second has a name,
/// and paths, of its own: "main/rsa", `cert.rsa.crt` beside `cert.crt`.
[[nodiscard]] std::vector<certificate_request> by_key_type(const certificate_request& entry);

struct autocert_section {
  certificate_request main;
  std::vector<certificate_request> extra;
  /// Folders of pairs that others put there, which are served as they are; watched.
  std::vector<std::string> folders = {};
  /// How long the files of a certificate that left the configuration stay after its end; nothing: for ever.
  std::optional<std::chrono::milliseconds> keep_unused = keep_unused_default;
  static constexpr std::chrono::hours keep_unused_default{30 * 24};

  friend bool operator==(const autocert_section&, const autocert_section&) = default;
};

}  // namespace cardea::config
