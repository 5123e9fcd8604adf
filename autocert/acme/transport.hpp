#pragma once

#include "autocert/acme/directory.hpp"
#include "autocert/acme/jws.hpp"
#include "autocert/acme/problem.hpp"
#include "autocert/acme/request_budget.hpp"
#include "base/async.hpp"
#include "base/clock.hpp"
#include "base/fetch.hpp"
#include "base/log.hpp"
#include "base/retry_after.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <string>

namespace cardea::autocert::acme {

using base::parse_retry_after;

using sleep_function = std::function<base::awaitable<void>(std::chrono::steady_clock::duration)>;

/// Signed requests to one CA: nonces, and the retries that are safe.
///
/// Control thread; several requests may be under way at once.
class transport {
 public:
  struct limits {
    int nonce_tries_max = 64;     ///< badNonce (RFC 8555 section 6.5); Pebble may refuse nine of ten
    int network_tries_max = 3;    ///< no answer, or 5xx
    std::size_t nonces_max = 32;  ///< kept for reuse
    std::chrono::seconds nonce_age_max{600};
    std::chrono::hours directory_age_max{24};
    int redirects_max = 3;  ///< of the directory
    std::chrono::seconds busy_wait_max{10};  ///< a longer Retry-After of a 5xx ends the attempt instead
    request_budget::limits budget{};
  };

  /// What a signed request brought.
  struct outcome {
    base::result<base::fetch_response> answer;  ///< 2xx, or why there is none
    std::optional<problem> refusal;             ///< when the CA said no
  };

  transport(std::string directory_url, base::fetch fetch, base::wall_clock clock, sleep_function sleep);
  transport(std::string directory_url, base::fetch fetch, base::wall_clock clock, sleep_function sleep,
            limits bounds);

  /// The CA's directory, asked for at least daily; redirects are followed, to https only (B33).
  [[nodiscard]] base::awaitable<base::result<directory>> find_directory();

  /// A plain GET, for what a CA tells everybody; anything but 200 is the problem as an error.
  [[nodiscard]] base::awaitable<base::result<base::fetch_response>> get(std::string url);

  /// A POST with a JWS; "" as payload is POST-as-GET. Success is a 2xx answer;
  /// anything else is the problem as an error (see error_from). Each try has a
  /// nonce of its own. errc::cancelled once the caller is cancelled: nothing
  /// more is sent.
  /// REQUIRES: the signer's key outlives the awaitable.
  [[nodiscard]] base::awaitable<base::result<base::fetch_response>> post(signer by, std::string url,
                                                                         std::string payload);

  /// The same, with the CA's own words when it said no.
  [[nodiscard]] base::awaitable<outcome> ask(signer by, std::string url, std::string payload);

  /// An unsigned request to a service beside the CA; tried again like any other.
  [[nodiscard]] base::awaitable<base::result<base::fetch_response>> send(base::fetch_request request);

  /// What the CA last said to an unsigned request (directory, nonce), when that was a refusal.
  [[nodiscard]] const std::optional<problem>& unsigned_refusal() const noexcept { return unsigned_refusal_; }

  /// How much of what the CA allows is used up; shared by all issuers of this transport.
  [[nodiscard]] request_budget& budget() noexcept { return budget_; }

 private:
  struct kept_nonce {
    std::string value;
    base::wall_time since;
  };
  [[nodiscard]] base::awaitable<base::result<std::string>> take_nonce();
  void keep_nonce(const base::fetch_response& from);
  [[nodiscard]] base::awaitable<base::result<base::fetch_response>> exchange(base::fetch_request request);
  /// Before another try of what brought no answer or "not now"; nothing: what came is the answer.
  [[nodiscard]] std::optional<std::chrono::milliseconds> pause_before_retry(
      const base::result<base::fetch_response>& answer, int tries) const;
  [[nodiscard]] base::awaitable<base::result<base::fetch_response>> fetch_directory();
  [[nodiscard]] problem problem_in(const base::fetch_response& answer) const;
  /// Waits until the CA's limits allow one more request to that address.
  [[nodiscard]] base::awaitable<void> wait_for_turn(std::string url);

  std::string directory_url_;
  base::fetch fetch_;
  base::wall_clock clock_;
  sleep_function sleep_;
  limits limits_;
  std::optional<directory> directory_;
  base::wall_time directory_since_{};
  std::deque<kept_nonce> nonces_;
  std::optional<problem> unsigned_refusal_;
  request_budget budget_;
};

}  // namespace cardea::autocert::acme
