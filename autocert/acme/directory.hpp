#pragma once

#include "base/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cardea::autocert::acme {

/// The CA's addresses (RFC 8555 section 7.1.1).
struct directory {
  std::string new_nonce;
  std::string new_account;
  std::string new_order;
  std::string key_change;        ///< empty: accounts keep their key
  std::string revoke_cert;       ///< empty: the CA revokes nothing
  std::string renewal_info;      ///< empty: the CA does not say when to renew (RFC 9773)
  std::string terms_of_service;  ///< empty when there are none
  bool external_account_required = false;
  std::vector<std::string> caa_identities;  ///< names that CAA records may have for the CA
  std::vector<std::string> issuer_names;    ///< names that dns-persist-01 records may have for it
  std::string account_hash_prefix;          ///< of account addresses there; empty: they stand as they are
  std::vector<std::string> profiles;  ///< that orders may name; empty: the CA has none
};

/// errc::malformed_answer when one of the three addresses is missing.
[[nodiscard]] base::result<directory> parse_directory(std::string_view body);

}  // namespace cardea::autocert::acme
