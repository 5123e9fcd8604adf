#pragma once

#include "base/async.hpp"
#include "base/error.hpp"

#include <chrono>
#include <string>

namespace cardea::dnsproviders {

/// One DNS-01 challenge (RFC 8555 section 8.4), as a provider needs it.
struct challenge_record {
  std::string fqdn;    ///< where to write, CNAMEs already followed; lower case, no final dot
  std::string value;   ///< base64url SHA-256 of the key authorization, 43 characters
  std::string domain;  ///< the ACME identifier without `*.`
  std::string token;
  std::string key_authorization;
};

/// How long to wait for a provider's name servers to agree.
struct propagation_timing {
  std::chrono::milliseconds timeout{60'000};
  std::chrono::milliseconds polling_interval{2'000};
};

/// Writes and removes TXT records at one DNS vendor.
///
/// `present` and `clean_up` are idempotent; two values at the same name
/// coexist; clean-up removes exactly our value and "not there" is success.
/// Every call ends within its own deadline. Errors are one readable sentence
/// without secrets. Called on the control thread; several calls may be under
/// way at once. The provider must outlive the awaitables it returned.
class provider {
 public:
  virtual ~provider() = default;

  [[nodiscard]] virtual base::awaitable<base::result<void>> present(challenge_record record) = 0;
  [[nodiscard]] virtual base::awaitable<base::result<void>> clean_up(challenge_record record) = 0;
  [[nodiscard]] virtual propagation_timing timing() const noexcept { return {}; }
  /// True when a second value would replace the first: each challenge then goes
  /// its whole way (present, check, validation, clean-up) before the next begins.
  [[nodiscard]] virtual bool one_at_a_time() const noexcept { return false; }
};

}  // namespace cardea::dnsproviders
