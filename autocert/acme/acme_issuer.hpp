#pragma once

#include "autocert/acme/account.hpp"
#include "autocert/acme/order.hpp"
#include "autocert/acme/prover.hpp"
#include "autocert/acme/transport.hpp"
#include "autocert/issuer.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"

#include <memory>
#include <string>
#include <vector>

namespace cardea::autocert::acme {

struct issuer_settings {
  std::string name;                  ///< of the certificate, for the log: "main" or "extra[N]"
  std::string profile = {};          ///< empty: the CA's default
  bool profile_fallback = false;     ///< a CA without that profile is asked for its default
  std::string preferred_chain = {};  ///< common name of an issuer; empty: the CA's first chain
};

/// Gets certificates from an ACME CA (RFC 8555).
///
/// directory -> account -> order -> names proven by `prover` (each step for
/// all names at once; another order when a challenge type failed) -> finalize -> download -> check.
/// Whatever was presented is removed again, however the order ends: an order
/// that is cancelled asks the CA nothing more (errc::cancelled), one that takes
/// longer than order_max is errc::timed_out. Each step is a line at info.
class acme_issuer final : public issuer {
 public:
  struct limits : patience::limits {
    std::chrono::seconds order_max{3'600};  ///< for everything; DNS may be told to wait long
    int orders_max = 5;                     ///< in one attempt, each after a challenge type failed
  };

  /// `by`: how names are proven, in order of preference.
  acme_issuer(issuer_settings settings, std::shared_ptr<transport> ca, std::shared_ptr<account> account,
              prover::solver_list by, base::wall_clock clock, sleep_function sleep);

  [[nodiscard]] base::awaitable<base::result<std::string>> issue(issue_request request) override;
  [[nodiscard]] setback last_setback() const override { return setback_; }
  [[nodiscard]] std::string last_profile() const override { return profile_; }
  /// RFC 9773; without a word where the CA has no renewal information.
  [[nodiscard]] base::awaitable<base::result<renewal_advice>> advise(
      std::shared_ptr<const base::certificate> about) override;

 private:
  [[nodiscard]] base::awaitable<base::result<void>> find_account();
  void note_failed_validation(const authorization& failed);
  [[nodiscard]] base::awaitable<base::result<order>> place_order(issue_request request);
  [[nodiscard]] base::awaitable<base::result<order>> place(order_wish wish);
  [[nodiscard]] base::awaitable<base::result<order>> place_fresh_order(issue_request request);
  /// An order of which every name is proven.
  [[nodiscard]] base::awaitable<base::result<order>> proven_order(issue_request request);
  [[nodiscard]] post_function signed_post();
  [[nodiscard]] base::awaitable<base::error> with_caa_advice(base::error failure,
                                                             std::vector<std::string> domains);
  [[nodiscard]] base::awaitable<base::result<order>> poll_order(std::string url, state until_not);
  [[nodiscard]] base::awaitable<base::error> why_invalid(order ended);
  [[nodiscard]] base::awaitable<base::result<order>> finalize(order placed, const std::string& csr_der);
  [[nodiscard]] base::awaitable<base::result<std::string>> download(std::string url);
  [[nodiscard]] base::awaitable<base::result<std::string>> order_certificate(issue_request request);
  [[nodiscard]] base::awaitable<base::result<std::string>> order_with_account(issue_request request);
  [[nodiscard]] base::awaitable<base::result<base::fetch_response>> post(std::string url,
                                                                         std::string payload);

  issuer_settings settings_;
  std::shared_ptr<transport> ca_;
  prover::solver_list solvers_;
  base::wall_clock clock_;
  sleep_function sleep_;
  base::logger log_;
  limits limits_;
  std::shared_ptr<account> account_;
  std::shared_ptr<const account_key> key_;  ///< of the account, while an order runs
  std::string account_url_;
  std::vector<std::string> domains_;  ///< of the order that runs
  std::string profile_;               ///< that was ordered, or that the CA says it is
  setback setback_;                   ///< what the last answer means, when the order ends with it
};

}  // namespace cardea::autocert::acme
