#pragma once

#include "base/async.hpp"
#include "base/error.hpp"
#include "config/sections/challenge.hpp"

#include <string>
#include <vector>

namespace cardea::autocert::solvers {

/// Proves names to a CA by one challenge type.
///
/// For an order: `remove_leftovers` -> `present` -> the CA validates ->
/// `clean_up`, after a failure of `present` too. One order at a time uses a
/// solver. Control thread only.
class solver {
 public:
  struct work {
    std::string domain;  ///< without `*.`; an IP address in canonical spelling
    std::string token;
    std::string key_authorization;
    bool wildcard = false;
    std::string account_url = {};
    std::string thumbprint = {};            ///< of the account's key
    std::vector<std::string> issuers = {};  ///< dns-persist-01: names that the CA accepts as its own
    std::string hash_prefix = {};           ///< dns-persist-01: of hashed account addresses; may be empty
  };

  virtual ~solver() = default;

  [[nodiscard]] virtual config::challenge_type type() const noexcept = 0;
  /// True when names must be proven one after the other, each with `present` and `clean_up`.
  [[nodiscard]] virtual bool one_at_a_time() const noexcept { return false; }
  /// Whether a name could be proven right now, asked before anything is ordered. `wanted` has no token.
  [[nodiscard]] virtual base::awaitable<base::result<void>> check(work /*wanted*/) {
    co_return base::result<void>();
  }
  /// Completes when the CA may look: everything is in place, and seen where it must be (B66).
  [[nodiscard]] virtual base::awaitable<base::result<void>> present(std::vector<work> wanted) = 0;
  /// Takes back what `present` put there; failures are logged.
  [[nodiscard]] virtual base::awaitable<void> clean_up() = 0;
  /// Removes what an earlier process or a failed clean-up left.
  [[nodiscard]] virtual base::awaitable<void> remove_leftovers() { co_return; }
};

}  // namespace cardea::autocert::solvers
