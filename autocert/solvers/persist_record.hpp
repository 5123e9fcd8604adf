#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::autocert::solvers {

/// A TXT record at `_validation-persist.<name>`, by which an operator lets an
/// account get certificates for the name (draft-ietf-acme-dns-persist).
struct persist_record {
  std::string issuer;       ///< the CA's name, lower case, without a final dot
  std::string account_uri;  ///< of the account, as it is or hashed
  bool wildcard = false;    ///< also for `*.` and what is below
  std::optional<base::wall_time> persist_until;

  /// The value of a record, after the grammar of RFC 8659 section 4.2: tags in
  /// any case, unknown ones ignored; one that stands twice or is empty, a
  /// missing accounturi, and a persistUntil that is no number are errors.
  [[nodiscard]] static base::result<persist_record> parse(std::string_view text);
  [[nodiscard]] std::string to_text() const;
};

/// What a record must say to be of use.
struct persist_demand {
  std::vector<std::string> issuers;       ///< any of them
  std::vector<std::string> account_uris;  ///< any of them; the first is what we would publish
  bool wildcard = false;
};

/// The record among the TXT values of a name that satisfies the demand; else why none does: not there,
/// malformed, of another account, without policy=wildcard, or over.
[[nodiscard]] base::result<persist_record> choose_record(const std::vector<std::string>& values,
                                                         const persist_demand& demand, base::wall_time now);

/// The account in such a record: its address below the CA's prefix as a digest with the domain and the key's
/// thumbprint, or without a prefix (first drafts) the address as it is.
[[nodiscard]] std::string account_uri_of(std::string_view account_url, std::string_view thumbprint,
                                         std::string_view domain, std::string_view hash_prefix);

}  // namespace cardea::autocert::solvers
