#pragma once

#include "base/clock.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cardea::autocert::acme {

/// How much of what a CA allows is left: asked before each request, so that the
/// CA never has to refuse one (B25).
///
/// Pure: times come from the caller. One for each CA, shared by all its
/// certificates. Nothing is kept over a restart; what survives it is the pause
/// of each certificate after failures.
class request_budget {
 public:
  enum class kind { new_nonce, new_account, new_order, other };

  /// So many at once, then one each interval. No interval: no limit.
  struct pace {
    std::size_t burst = 0;
    std::chrono::milliseconds interval{0};
  };

  struct limits {
    pace new_nonces;
    pace new_accounts;
    pace new_orders_at_once;  ///< both count
    pace new_orders;
    pace others;                            ///< and all of the above
    std::size_t failed_validations_max{0};  ///< of one name within an hour; 0: no limit
  };

  /// Below what Let's Encrypt publishes (each account 300 orders in 3 hours,
  /// each name 5 failures an hour, 20 nonces, 5 accounts and 20 orders a second
  /// in its stricter directory); other public CAs allow no less or say nothing.
  [[nodiscard]] static limits of_public_ca();

  explicit request_budget(const limits& of) : limits_(of) {}

  /// Takes one request out and says how long to wait before it is sent.
  [[nodiscard]] std::chrono::milliseconds take(kind what, base::wall_time now);

  /// A validation of this name failed (`*.` does not matter).
  void note_failed_validation(const std::string& name, base::wall_time now);
  /// When all of these names may be validated again; nothing: now.
  [[nodiscard]] std::optional<base::wall_time> validation_allowed(const std::vector<std::string>& names,
                                                                  base::wall_time now) const;

 private:
  /// The generic cell rate algorithm: when the next request would be due at the steady rate.
  struct meter {
    base::wall_time due{};
    [[nodiscard]] std::chrono::milliseconds take(const pace& at, base::wall_time now);
  };

  limits limits_;
  std::array<meter, 5> meters_{};
  std::map<std::string, std::vector<base::wall_time>> failures_;  ///< by name, oldest first
};

}  // namespace cardea::autocert::acme
