#pragma once

#include "base/error.hpp"

namespace cardea::autocert::acme {

/// The failure codes of the ACME client, for decisions.
enum class errc {
  rejected = 1,          ///< the CA said no; the context is problem::sentence()
  rate_limited,          ///< likewise, because of too many requests: short retries are forbidden
  account_unknown,       ///< the account is gone at the CA (accountDoesNotExist)
  bad_nonce,             ///< every retry met badNonce
  order_not_ready,       ///< finalize came too early
  already_replaced,      ///< another order replaces that certificate already (RFC 9773 section 5)
  forbidden_by_caa,      ///< likewise, because of a CAA record; callers of the issuer see `rejected`
  malformed_answer,      ///< the CA's answer is not what RFC 8555 says
  account_key,           ///< the account key file cannot be used
  unusable_certificate,  ///< the certificate that came is not the one that was ordered
};

const boost::system::error_category& acme_category() noexcept;
base::error_code make_error_code(errc value) noexcept;

}  // namespace cardea::autocert::acme

template <>
struct boost::system::is_error_code_enum<cardea::autocert::acme::errc> : std::true_type {};
