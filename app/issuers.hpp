#pragma once

#include "autocert/acme/account.hpp"
#include "autocert/acme/transport.hpp"
#include "autocert/issuer.hpp"
#include "base/async.hpp"
#include "base/fetch.hpp"
#include "config/sections/autocert.hpp"
#include "config/sections/request_check.hpp"

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cardea::app {

/// The program's HTTP client; these PEM files are trusted besides the system's CAs.
[[nodiscard]] base::result<base::fetch> make_fetch(const std::vector<std::string>& ca_files);

/// The DNS providers that a configuration may name.
[[nodiscard]] std::span<const std::string_view> dns_provider_names();

/// What a certificate's provider says of its entry, for the configuration's checks.
[[nodiscard]] std::optional<config::request_problem> check_request(
    const config::certificate_request& request);

/// Builds the ACME client of a certificate from its configuration.
///
/// Certificates of the same CA share one transport (nonces, directory, what is
/// left of the CA's limits), those with the same account key one account.
class issuers {
 public:
  explicit issuers(base::executor where) : executor_(where) {}

  /// The error names the option and the remedy; no network traffic happens here.
  [[nodiscard]] base::result<std::unique_ptr<autocert::issuer>> make(
      const config::certificate_request& request);

  /// The account that a certificate's (preferred) issuer has.
  [[nodiscard]] base::result<std::shared_ptr<autocert::acme::account>> account_of(
      const config::certificate_request& request);

 private:
  [[nodiscard]] base::result<std::shared_ptr<autocert::acme::transport>> transport_to(
      const config::certificate_request& request);

  base::executor executor_;
  std::map<std::string, std::shared_ptr<autocert::acme::transport>> transports_;
  std::map<std::string, std::shared_ptr<autocert::acme::account>> accounts_;
};

}  // namespace cardea::app
