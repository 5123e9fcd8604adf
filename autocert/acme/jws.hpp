#pragma once

#include "autocert/acme/account_key.hpp"

#include <string>
#include <string_view>

namespace cardea::autocert::acme {

/// Who signs a request: the account's URL, or its public key before there is one.
struct signer {
  const account_key& key;
  std::string account_url;  ///< "kid"; empty: the JWK is sent instead
};

/// The flattened JWS of a request (RFC 8555 section 6.2). An empty payload is POST-as-GET.
[[nodiscard]] base::result<std::string> make_jws(const signer& by, std::string_view url,
                                                 std::string_view nonce, std::string_view payload);

/// The external account binding of RFC 8555 section 7.3.4: the account's JWK
/// signed with HS256 under the CA's key.
/// errc::account_key when `hmac` is not base64url (padding is optional).
[[nodiscard]] base::result<std::string> make_external_binding(const account_key& account,
                                                              std::string_view kid, std::string_view hmac,
                                                              std::string_view url);

/// The inner JWS of a key rollover (RFC 8555 section 7.3.5): the account and its
/// old key, signed by the new one.
[[nodiscard]] base::result<std::string> make_key_change(const account_key& fresh, const account_key& old,
                                                        std::string_view account_url, std::string_view url);

}  // namespace cardea::autocert::acme
