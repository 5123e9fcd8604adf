#pragma once

#include "base/error.hpp"
#include "base/fetch.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cardea::autocert::acme {

/// A CA's answer "no" (RFC 9457, RFC 8555 section 6.7).
struct problem {
  std::string type;    ///< without "urn:ietf:params:acme:error:"; empty when the body was no problem document
  std::string detail;  ///< the CA's words, control bytes removed, at most 1,000 bytes
  int status = 0;
  struct subproblem {
    std::string identifier;
    std::string type;
    std::string detail;
  };
  std::vector<subproblem> subproblems;

  /// One sentence for the operator: type, detail, and which name has which problem.
  [[nodiscard]] std::string sentence() const;
};

/// Reads whatever a CA sent with an error status; never fails.
[[nodiscard]] problem parse_problem(std::string_view body, int status);

/// The failure codes of the ACME client, for decisions.
enum class errc {
  rejected = 1,          ///< the CA said no; the context is problem::sentence()
  rate_limited,          ///< likewise, because of too many requests: short retries are forbidden
  account_unknown,       ///< the account is gone at the CA (accountDoesNotExist)
  bad_nonce,             ///< every retry met badNonce
  order_not_ready,       ///< finalize came too early
  malformed_answer,      ///< the CA's answer is not what RFC 8555 says
  account_key,           ///< the account key file cannot be used
  unusable_certificate,  ///< the certificate that came is not the one that was ordered
};

const boost::system::error_category& acme_category() noexcept;
base::error_code make_error_code(errc value) noexcept;

/// The problem as an error of this client.
[[nodiscard]] base::error error_from(const problem& cause);

}  // namespace cardea::autocert::acme

template <>
struct boost::system::is_error_code_enum<cardea::autocert::acme::errc> : std::true_type {};
