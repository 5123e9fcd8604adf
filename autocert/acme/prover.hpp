#pragma once

#include "autocert/acme/order.hpp"
#include "autocert/acme/patience.hpp"
#include "autocert/solvers/solver.hpp"
#include "base/clock.hpp"
#include "base/fetch_message.hpp"
#include "base/log.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace cardea::autocert::acme {

/// A signed request under the account; "" as payload is POST-as-GET.
using post_function =
    std::function<base::awaitable<base::result<base::fetch_response>>(std::string url, std::string payload)>;

[[nodiscard]] base::awaitable<base::result<authorization>> find_authorization(post_function post,
                                                                              std::string url,
                                                                              base::wall_time now);

/// Proves the names of orders: a challenge type for each, the first that the
/// configuration prefers, the CA offers and that did not fail before within
/// the attempt (B29).
///
/// For all names of a type at once: present -> answer -> poll -> clean up. A
/// type that fails before the CA was asked to look is replaced within the same
/// order; one that the CA found wanting ends the order, and `attempt` says
/// that another one may do better.
class prover {
 public:
  /// Who orders, as solvers need it.
  struct account {
    std::string url;
    std::string thumbprint;
    std::vector<std::string> issuers = {};  ///< names of the CA in dns-persist-01 records, from its directory
    std::string hash_prefix = {};
  };
  /// What one attempt to get a certificate has tried so far, over all its orders.
  struct attempt {
    std::map<std::string, std::set<config::challenge_type>> failed;  ///< by name, `*.` included
    std::vector<std::string> reasons;
    bool may_order_again = false;  ///< set by `prove` with its error
  };
  using solver_list = std::vector<std::unique_ptr<solvers::solver>>;

  /// `by`: in order of preference; outlives the prover.
  prover(post_function post, const solver_list& by, patience::limits limits, patience::sleep_function sleep,
         base::wall_clock clock, base::logger log);

  /// `heard` is called for each authorization that the CA found wanting, after the last question about them.
  void on_failed_validation(std::function<void(const authorization&)> heard) { heard_ = std::move(heard); }

  /// Before anything is ordered: a type that is known not to work counts as failed. errc::rejected when a
  /// name is left without any.
  [[nodiscard]] base::awaitable<base::result<void>> check(const std::vector<std::string>& domains,
                                                          const account& by, attempt& so_far);
  /// Until every authorization of the order is valid.
  [[nodiscard]] base::awaitable<base::result<void>> prove(const order& placed, const account& by,
                                                          attempt& so_far);

 private:
  struct task {
    authorization about;
    solvers::solver* by = nullptr;
  };
  [[nodiscard]] solvers::solver* choose(const std::string& name, const authorization* offered,
                                        const attempt& so_far) const;
  [[nodiscard]] base::awaitable<base::result<std::vector<authorization>>> open_ones(const order& placed);
  [[nodiscard]] base::result<std::vector<task>> assign(const std::vector<authorization>& open,
                                                       const attempt& so_far) const;
  struct outcome {
    base::result<void> proven;
    bool is_untouched = false;  ///< the CA was not told of anything: another type may still do
  };
  [[nodiscard]] base::awaitable<outcome> prove_by(solvers::solver& by, std::vector<authorization> open,
                                                  const account& who, attempt& so_far);
  void note(attempt& so_far, const std::string& name, config::challenge_type type, std::string reason) const;
  [[nodiscard]] base::awaitable<base::result<void>> answer(const std::vector<authorization>& open,
                                                           std::string type);
  [[nodiscard]] base::awaitable<bool> is_answered(std::string authorization_url, std::string type);
  [[nodiscard]] base::awaitable<base::result<void>> await_validation(std::vector<authorization> open,
                                                                     config::challenge_type type,
                                                                     attempt& so_far);

  post_function post_;
  const solver_list& solvers_;
  patience::limits limits_;
  patience::sleep_function sleep_;
  base::wall_clock clock_;
  base::logger log_;
  std::function<void(const authorization&)> heard_;
};

}  // namespace cardea::autocert::acme
