#pragma once

#include "base/error.hpp"
#include "base/fetch_message.hpp"
#include "base/secret.hpp"

#include <string>
#include <string_view>

namespace cardea::autocert::acme {

/// An account at the CA's own site that an ACME account is bound to (RFC 8555 section 7.3.4).
struct external_account {
  std::string kid;
  base::secret hmac;  ///< base64url

  friend bool operator==(const external_account&, const external_account&) = default;
};

/// The question for one by e-mail address, as ZeroSSL takes it.
[[nodiscard]] base::fetch_request external_account_request(const std::string& url, std::string_view email);

/// Its answer: {"success":true,"eab_kid":...,"eab_hmac_key":...}. errc::rejected with the service's reason.
[[nodiscard]] base::result<external_account> parse_external_account(const base::fetch_response& answer);

/// Where it is kept for an account key: beside it.
[[nodiscard]] std::string external_account_path(const std::string& account_key_path);

/// errc::not_found of base when there is none; errc::account_key when the file says nothing readable.
[[nodiscard]] base::result<external_account> load_external_account(const std::string& path);
/// With mode 0600, in a folder of mode 0700.
[[nodiscard]] base::result<void> save_external_account(const std::string& path, const external_account& what);

}  // namespace cardea::autocert::acme
