#pragma once

#include "base/async.hpp"
#include "base/secret.hpp"
#include "dnsproviders/options.hpp"
#include "dnsproviders/services.hpp"
#include "dnsproviders/vendor.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace cardea::dnsproviders {

/// What every vendor's provider is told by its options.
struct vendor_settings {
  std::string name;     ///< of the provider, for messages
  std::string api_url;  ///< before every path; no final slash
  int ttl = 120;
  std::chrono::milliseconds http_timeout{30'000};
  propagation_timing propagation;
  std::vector<base::secret> secrets;  ///< that no message may show
};

/// From the common options over the metadata's defaults; no network traffic.
[[nodiscard]] base::result<vendor_settings> read_vendor_settings(const provider_metadata& of,
                                                                 const option_values& options);

/// A conversation with one vendor: sends its requests with credentials and
/// retries, and finds zones. The vendor and the session's owner outlive every
/// awaitable; control thread only.
class vendor_session {
 public:
  vendor_session(vendor& with, vendor_settings settings, services from)
      : vendor_(with), settings_(std::move(settings)), from_(std::move(from)) {}

  [[nodiscard]] const vendor_settings& settings() const noexcept { return settings_; }

  /// Any answer is a success. Logs in first where the vendor wants it, and once
  /// more when a login has run out. Retries as in vendor_call.
  [[nodiscard]] base::awaitable<base::result<answer>> send(request what);
  /// Like `send`; an answer that the vendor's `judge` calls refused is an error.
  [[nodiscard]] base::awaitable<base::result<answer>> ask(request what);

  /// The zone that holds the record's name. Remembered until `forget`, so that
  /// clean-up works where the record was written.
  [[nodiscard]] base::awaitable<base::result<hosted_zone>> find_zone(std::string fqdn);
  void forget(const std::string& fqdn) { zones_.erase(fqdn); }

  /// Lets the vendor do what makes a write take effect.
  [[nodiscard]] base::awaitable<base::result<void>> settle(hosted_zone zone, answer written);

  /// One sentence: the provider, the step, the vendor's words without secrets.
  [[nodiscard]] base::error refusal(const answer& from, std::string_view step = {}) const;

 private:
  [[nodiscard]] bool may_go_to(const std::string& url) const;
  [[nodiscard]] base::awaitable<base::result<void>> log_in();
  [[nodiscard]] base::awaitable<base::result<answer>> send_once(request what);
  [[nodiscard]] base::awaitable<base::result<hosted_zone>> choose(std::string fqdn, std::string candidate);
  [[nodiscard]] base::awaitable<base::result<hosted_zone>> look_up(std::string fqdn);

  vendor& vendor_;
  vendor_settings settings_;
  services from_;
  std::map<std::string, hosted_zone> zones_;
};

}  // namespace cardea::dnsproviders
