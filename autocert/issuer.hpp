#pragma once

#include "base/async.hpp"
#include "base/error.hpp"

#include <string>
#include <vector>

namespace cardea::autocert {

/// A certificate that is wanted: the names and the signing request for them.
struct issue_request {
  std::vector<std::string> domains;  ///< normalised, unique, in the order of the configuration
  std::string csr_der;               ///< PKCS#10 with exactly those names as SAN and no CN
};

/// Whoever turns a signing request into a certificate: an ACME CA, the
/// internal CA, the self-signing stand-in. The life-cycle above it is the same.
class issuer {
 public:
  virtual ~issuer() = default;

  /// The PEM chain, leaf first. The error's context is one sentence for the
  /// operator. Control thread; the issuer must outlive the awaitable; a bounded
  /// time passes before it completes.
  [[nodiscard]] virtual base::awaitable<base::result<std::string>> issue(issue_request request) = 0;
};

}  // namespace cardea::autocert
