#pragma once

#include "base/async.hpp"
#include "base/certificate.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cardea::autocert {

/// A certificate that is wanted: the names and the signing request for them.
struct issue_request {
  std::vector<std::string> domains;  ///< normalised, unique, in the order of the configuration
  std::string csr_der;               ///< PKCS#10 with exactly those names as SAN and no CN
  /// What the new one is to replace, for CAs that keep account of it; null: nothing.
  std::shared_ptr<const base::certificate> replaces = {};
};

/// The time in which a CA wants a certificate renewed (RFC 9773 section 4.2).
struct renewal_window {
  base::wall_time start;
  base::wall_time end;           ///< after start
  std::string explanation = {};  ///< the address of a page that says why; mostly empty

  friend bool operator==(const renewal_window&, const renewal_window&) = default;
};

struct renewal_advice {
  std::optional<renewal_window> window;          ///< nothing: the CA gives none for this certificate
  std::chrono::seconds ask_again{24 * 60 * 60};  ///< 1 minute to 24 hours
};

/// What a failed order means for the next one.
struct setback {
  enum class kind {
    refused,      ///< the CA said no, or the order did not get that far
    unreachable,  ///< no answer, or that it cannot now: says nothing about the order
    limited,      ///< too many requests: short retries make it worse (B24)
    lasting,      ///< will be refused again until somebody changes something (B27)
  };
  kind is = kind::refused;
  std::optional<std::chrono::seconds> retry_after;  ///< that the CA asks for, at most 24 hours (B23)
  std::vector<std::string> names;  ///< that were refused, as in the order; empty: the CA did not tell (B28)
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

  /// The profile of the last certificate that `issue` got, which may be another than the one that was wished
  /// for; empty: the issuer has none, or its default.
  [[nodiscard]] virtual std::string last_profile() const { return {}; }

  /// About the last `issue` that failed.
  [[nodiscard]] virtual setback last_setback() const { return {}; }

  /// When the issuer wants this certificate of its own to be renewed.
  [[nodiscard]] virtual base::awaitable<base::result<renewal_advice>> advise(
      std::shared_ptr<const base::certificate> /*about*/) {
    co_return renewal_advice{};
  }
};

}  // namespace cardea::autocert
