#pragma once

#include "autocert/acme/account_key.hpp"
#include "autocert/acme/patience.hpp"
#include "autocert/acme/transport.hpp"
#include "base/async.hpp"
#include "base/file_lease.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"

#include <memory>
#include <optional>
#include <string>

namespace cardea::autocert::acme {

struct account_settings {
  std::string key_path;
  std::string email;
  std::string eab_kid = {};
  base::secret eab_hmac = {};
  std::string eab_url = {};  ///< gives out an external account by e-mail; empty: none does
  patience::sleep_function sleep = base::sleep_for;

  /// No request of ours takes longer, with all its tries: an account that another process makes ready for longer
  /// without a sign is ours to make ready.
  std::chrono::seconds lease_stale_after{180};
  std::chrono::seconds lease_wait_max{300};
};

/// Why a certificate is revoked (RFC 5280 section 5.3.1): those that public CAs take from a subscriber.
enum class revocation_reason {
  unspecified = 0,
  key_compromise = 1,
  superseded = 4,
  cessation_of_operation = 5
};

/// One account at one CA, shared by all issuers that use its key (RFC 8555 section 7.3).
///
/// Whatever needs the account first gets it ready; the others wait, so that a
/// thousand certificates register one account (B32). Of several processes with one key file one registers it or
/// changes its key, and the others wait for that (`<key_path>.lock`). Control thread.
class account {
 public:
  account(account_settings settings, std::shared_ptr<transport> ca);

  /// Reads the key file again, in case another process changed it, finishes or
  /// takes back a key rollover that a crash interrupted, and finds the account
  /// by its key or registers it.
  [[nodiscard]] base::awaitable<base::result<void>> ready();

  /// Of the account that is ready.
  [[nodiscard]] const std::shared_ptr<const account_key>& key() const noexcept { return key_; }
  [[nodiscard]] const std::string& url() const noexcept { return url_; }
  [[nodiscard]] const std::string& key_path() const noexcept { return settings_.key_path; }

  /// The CA does not know it any more: the next `ready` registers it under the same key (B31).
  void forget() noexcept { url_.clear(); }

  /// Why the last `ready` failed, when the CA said no.
  [[nodiscard]] const std::optional<problem>& refusal() const noexcept { return refusal_; }

  /// Gives the account a new key (RFC 8555 section 7.3.5, B50): stored in
  /// `<key_path>.next` before the CA hears of it, and in `key_path` once the CA
  /// has taken it. After a crash `ready` asks the CA which of the two it knows.
  [[nodiscard]] base::awaitable<base::result<void>> roll_over();

  /// Revokes a certificate of this account; one that is revoked already is a success.
  [[nodiscard]] base::awaitable<base::result<void>> revoke(std::string leaf_der, revocation_reason why);

 private:
  class turn;
  [[nodiscard]] base::awaitable<base::result<void>> prepare();
  [[nodiscard]] base::awaitable<base::result<void>> take_lease();
  [[nodiscard]] bool is_rollover_unfinished() const;
  [[nodiscard]] base::result<void> load_key();
  [[nodiscard]] base::awaitable<base::result<void>> settle_rollover();
  [[nodiscard]] base::awaitable<base::result<void>> change_key();
  [[nodiscard]] base::result<void> adopt(account_key fresh);
  [[nodiscard]] base::awaitable<base::result<void>> find_or_register();
  [[nodiscard]] base::awaitable<base::result<std::string>> find_by(std::shared_ptr<const account_key> key);
  [[nodiscard]] base::awaitable<base::result<std::string>> binding(std::string new_account);
  [[nodiscard]] base::awaitable<base::result<void>> ask_for_external_account();
  [[nodiscard]] base::awaitable<base::result<base::fetch_response>> post(
      std::shared_ptr<const account_key> key, std::string kid, std::string url, std::string payload);
  [[nodiscard]] std::string next_path() const { return settings_.key_path + ".next"; }

  account_settings settings_;
  std::shared_ptr<transport> ca_;
  base::logger log_;
  std::shared_ptr<const account_key> key_;
  std::string url_;
  std::optional<problem> refusal_;
  base::file_lease lease_;  ///< while the key or the account may change
  bool busy_ = false;
  std::optional<base::steady_timer> freed_;  ///< cancelled when whoever is busy ends
};

}  // namespace cardea::autocert::acme
