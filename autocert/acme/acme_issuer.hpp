#pragma once

#include "autocert/acme/account.hpp"
#include "autocert/acme/order.hpp"
#include "autocert/acme/transport.hpp"
#include "autocert/issuer.hpp"
#include "autocert/solvers/dns01.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"

#include <memory>
#include <string>
#include <vector>

namespace cardea::autocert::acme {

struct issuer_settings {
  std::string name;                  ///< of the certificate, for the log: "main" or "extra[N]"
  std::string profile = {};          ///< empty: the CA's default
  std::string preferred_chain = {};  ///< common name of an issuer; empty: the CA's first chain
};

/// Gets certificates from an ACME CA by dns-01 (RFC 8555).
///
/// directory -> account -> order -> records presented, waited for, answered
/// (each step for all names at once) -> finalize -> download -> check.
/// Whatever was presented is removed again, however the order ends: an order
/// that is cancelled asks the CA nothing more (errc::cancelled), one that takes
/// longer than order_max is errc::timed_out. Each step is a line at info.
class acme_issuer final : public issuer {
 public:
  struct limits {
    std::chrono::seconds order_max{3'600};      ///< for everything; DNS may be told to wait long
    std::chrono::seconds poll_max{300};         ///< for validation of all names, and again for issuing
    std::chrono::milliseconds poll_first{100};  ///< without Retry-After: doubled up to poll_pause_max
    std::chrono::milliseconds poll_pause_max{2'000};
    std::chrono::seconds retry_after_max{30};  ///< a longer wish of the CA is cut while polling
  };

  acme_issuer(issuer_settings settings, std::shared_ptr<transport> ca, std::shared_ptr<account> account,
              std::unique_ptr<solvers::dns01> solver, base::wall_clock clock, sleep_function sleep);

  [[nodiscard]] base::awaitable<base::result<std::string>> issue(issue_request request) override;
  [[nodiscard]] setback last_setback() const override { return setback_; }
  /// RFC 9773; without a word where the CA has no renewal information.
  [[nodiscard]] base::awaitable<base::result<renewal_advice>> advise(
      std::shared_ptr<const base::certificate> about) override;

 private:
  struct polling {
    std::chrono::milliseconds next;
    std::chrono::milliseconds waited{0};
  };
  [[nodiscard]] base::awaitable<base::result<void>> find_account();
  void note_failed_validation(const authorization& failed);
  [[nodiscard]] base::awaitable<base::result<order>> place_order(issue_request request);
  [[nodiscard]] base::awaitable<base::result<order>> place(order_wish wish);
  [[nodiscard]] base::awaitable<base::result<void>> validate(const order& placed);
  [[nodiscard]] base::awaitable<base::result<void>> prove(std::vector<authorization> open,
                                                          std::vector<solvers::dns01::work> work);
  [[nodiscard]] base::awaitable<base::result<void>> answer(const std::vector<authorization>& open);
  [[nodiscard]] base::awaitable<base::result<authorization>> find_authorization(std::string url);
  [[nodiscard]] base::awaitable<bool> is_answered(std::string authorization_url);
  [[nodiscard]] base::awaitable<base::result<void>> await_validation(std::vector<authorization> open);
  [[nodiscard]] base::awaitable<base::result<order>> poll_order(std::string url, state until_not);
  [[nodiscard]] base::awaitable<base::error> why_invalid(order ended);
  [[nodiscard]] base::awaitable<base::result<order>> finalize(order placed, const std::string& csr_der);
  [[nodiscard]] base::awaitable<base::result<std::string>> download(std::string url);
  [[nodiscard]] base::awaitable<base::result<std::string>> order_certificate(issue_request request);
  [[nodiscard]] base::awaitable<base::result<std::string>> order_with_account(issue_request request);
  [[nodiscard]] base::awaitable<base::result<base::fetch_response>> post(std::string url,
                                                                         std::string payload);
  /// Sleeps before the next question: as long as the CA asks, within the limits,
  /// else a little longer each time. False when the patience is at its end.
  [[nodiscard]] base::awaitable<bool> may_ask_again(polling& so_far,
                                                    std::optional<std::chrono::seconds> asked);

  issuer_settings settings_;
  std::shared_ptr<transport> ca_;
  std::unique_ptr<solvers::dns01> solver_;
  base::wall_clock clock_;
  sleep_function sleep_;
  base::logger log_;
  limits limits_;
  std::shared_ptr<account> account_;
  std::shared_ptr<const account_key> key_;  ///< of the account, while an order runs
  std::string account_url_;
  std::vector<std::string> domains_;  ///< of the order that runs
  setback setback_;                   ///< what the last answer means, when the order ends with it
};

}  // namespace cardea::autocert::acme
