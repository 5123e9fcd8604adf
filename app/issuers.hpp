#pragma once

#include "autocert/acme/account.hpp"
#include "autocert/acme/prover.hpp"
#include "autocert/acme/transport.hpp"
#include "autocert/issuer.hpp"
#include "autocert/solvers/challenge_board.hpp"
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

/// What a certificate's provider says of its entry, for the configuration's
/// checks. For one load: files are read once, however many certificates name them.
[[nodiscard]] config::request_check make_request_check();

/// Where the TXT records stand that a certificate needs by dns-persist-01, once its account is known.
[[nodiscard]] std::string persist_records_path(const config::certificate_request& request);

/// Builds the ACME client of a certificate from its configuration.
///
/// Certificates of the same CA share one transport (nonces, directory, what is
/// left of the CA's limits), those with the same account key one account, and all the board of what
/// the listeners answer and one HTTP client for DNS vendors: reading the system's CAs takes 20 ms.
class issuers {
 public:
  /// `publish`: how the listeners learn of challenges that they answer; empty where there are none.
  issuers(base::executor where, autocert::solvers::challenge_board::publisher publish)
      : executor_(where), board_(std::move(publish)) {}

  /// The error names the option and the remedy; no network traffic happens here.
  [[nodiscard]] base::result<std::unique_ptr<autocert::issuer>> make(
      const config::certificate_request& request);

  /// The account that a certificate's (preferred) issuer has.
  [[nodiscard]] base::result<std::shared_ptr<autocert::acme::account>> account_of(
      const config::certificate_request& request);

 private:
  [[nodiscard]] base::result<std::shared_ptr<autocert::acme::transport>> transport_to(
      const config::certificate_request& request);
  [[nodiscard]] base::result<base::fetch> vendor_fetch();

  [[nodiscard]] base::result<autocert::acme::prover::solver_list> make_solvers(
      const config::certificate_request& request);

  base::executor executor_;
  autocert::solvers::challenge_board board_;
  base::fetch vendor_fetch_;
  std::map<std::string, std::shared_ptr<autocert::acme::transport>> transports_;
  std::map<std::string, std::shared_ptr<autocert::acme::account>> accounts_;
};

}  // namespace cardea::app
