#pragma once

#include "base/certificate.hpp"
#include "base/fetch.hpp"
#include "base/pending_challenges.hpp"
#include "tests/support/acme_validation.hpp"
#include "tests/support/simulated_time.hpp"
#include "tests/support/test_ca.hpp"

#include <boost/json/object.hpp>

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cardea::test_support {

enum class ca_step {
  directory,
  new_nonce,
  new_account,
  new_order,
  order,
  authorization,
  challenge,
  finalize,
  certificate,
  renewal_info,
  key_change,
  revoke_cert,
  external_account  ///< the service beside the CA that gives them out by e-mail
};

/// An ACME CA behind base::fetch, in memory and on simulated time.
///
/// It checks each request as a real one does (RFC 8555 section 6: content type,
/// nonce, url, kid or jwk, signature; the CSR; the TXT records at the moment the
/// challenge is answered) and refuses what is wrong. What no client may do even
/// so is a line in `violations`.
class acme_ca {
 public:
  struct request {
    ca_step step;
    std::string url;
    std::string payload;
    std::string kid;  ///< empty: signed with a jwk
    base::wall_time at;
  };

  /// What happens to one request instead of the normal answer.
  struct twist {
    enum class effect {
      lost,     ///< the CA never sees it
      checked,  ///< signature and nonce are checked, nothing else happens
      full      ///< it takes effect
    };
    effect reaches = effect::full;
    bool hangs = false;  ///< until the client's patience ends
    std::function<base::result<base::fetch_response>(base::fetch_response)> answer = {};
  };

  acme_ca(simulated_time& time, const txt_records& zone);

  [[nodiscard]] base::fetch fetch();
  [[nodiscard]] static std::string directory_url() { return "https://ca.test/directory"; }
  [[nodiscard]] static std::string eab_url() { return "https://ca.test/eab-by-email"; }
  [[nodiscard]] const std::string& root_pem() const noexcept { return signer_.pem(); }

  /// Twists the next request of that kind that has none yet.
  void next(ca_step step, twist what) { twists_[step].push_back(std::move(what)); }
  void next(ca_step step, std::size_t times, const twist& what);
  void clear_twists() { twists_.clear(); }

  [[nodiscard]] static std::string problem_body(int status, const std::string& type,
                                                const std::string& detail);

  /// As after a restart of a CA without a disk.
  void forget_accounts() { accounts_.clear(); }
  void forget_nonces() { nonces_.clear(); }

  [[nodiscard]] std::size_t count(ca_step step) const;
  [[nodiscard]] std::size_t account_count() const noexcept { return accounts_.size(); }
  /// The account's key in canonical form, of the only account.
  [[nodiscard]] std::string account_jwk() const {
    return accounts_.size() == 1 ? accounts_.begin()->first : "";
  }
  /// Why the CA answered with problems, one line each.
  [[nodiscard]] const std::vector<std::string>& refusals() const noexcept { return refusals_; }

  // How it behaves from now on.
  bool authorizations_are_reused = false;        ///< born valid, so orders are born ready (B40)
  bool omits_authorizations = false;             ///< in the answer to newOrder (B42)
  int validation_rounds = 0;                     ///< how often an authorization is still pending when asked
  int issuing_rounds = 0;                        ///< how often an order is still processing when asked
  std::vector<base::http_field> waiting_fields;  ///< of answers that say "not yet"
  std::vector<std::string> offers{"http-01", "tls-alpn-01", "dns-01"};  ///< challenge types
  std::set<std::string> unreachable;   ///< challenge types that the CA never finds proven
  base::challenge_snapshot listeners;  ///< what port 80 and 443 answer now
  std::vector<std::string> issuers;    ///< its names in dns-persist-01 records; in its directory too
  std::string account_hash_prefix;     ///< of accounts there; empty: they stand as they are
  std::vector<std::string> caa_identities;
  std::map<std::string, std::string> validation_errors;  ///< domain -> the challenge's "error" in JSON
  std::map<std::string, std::string> external_keys;      ///< kid -> key; not empty: a binding is required
  std::vector<std::string> profiles;                     ///< that orders may name
  std::map<std::string, base::fetch_response> advice;    ///< certificate id -> answer; not empty: RFC 9773
  std::set<std::string> replaced;       ///< certificate ids that orders may not name any more
  std::vector<std::string> alternates;  ///< chains at other addresses than the first
  std::function<std::string(std::string pem)> change_chain = {};
  std::map<std::string, int> revoked;  ///< DER of a certificate -> reason

  std::vector<request> requests;
  std::vector<std::string> violations;

 private:
  struct account {
    std::string url;
    std::string jwk;
    base::key_ptr key;
  };
  struct authorization {
    std::string domain;
    bool is_address = false;
    bool wildcard = false;
    std::string status = "pending";
    std::string token;
    std::string type;  ///< of the challenge that was answered
    bool answered = false;
    bool proven = false;
    int rounds_left = 0;
  };
  struct order {
    std::vector<std::string> domains;
    std::string status = "pending";
    std::vector<std::size_t> authorizations;
    std::string chain;
    int rounds_left = 0;
  };
  struct target {
    ca_step step;
    std::size_t index = 0;
    std::size_t type = 0;  ///< of a challenge, by `offers`
  };
  struct signed_request;
  using response = base::fetch_response;

  [[nodiscard]] base::awaitable<base::result<base::fetch_response>> serve(base::fetch_request asked);
  [[nodiscard]] static std::optional<target> find(const std::string& url);
  [[nodiscard]] response handle(const base::fetch_request& asked, const target& where, twist::effect reaches);
  [[nodiscard]] std::optional<response> check(const base::fetch_request& asked, const target& where,
                                              signed_request& out);
  [[nodiscard]] response act(const target& where, const signed_request& from);
  [[nodiscard]] response show_directory() const;
  [[nodiscard]] response show_chain(std::size_t index);
  [[nodiscard]] response find_or_make_account(const signed_request& from);
  [[nodiscard]] bool is_bound(const boost::json::object& payload, const std::string& jwk);
  [[nodiscard]] response make_order(const signed_request& from);
  [[nodiscard]] response change_key(const signed_request& from);
  [[nodiscard]] response revoke(const signed_request& from);
  [[nodiscard]] response give_external_account(const base::fetch_request& asked);
  [[nodiscard]] response show_order(std::size_t index, int status);
  [[nodiscard]] response show_authorization(std::size_t index);
  [[nodiscard]] response take_challenge(const target& where, const signed_request& from);
  [[nodiscard]] response finalize(std::size_t index, const signed_request& from);
  void refresh(order& what);
  [[nodiscard]] response refuse(int status, const std::string& type, const std::string& detail);
  void add_nonce(response& to);

  simulated_time& time_;
  const txt_records& zone_;
  tests::test_ca signer_{"scripted root"};
  std::set<std::string> nonces_;
  std::set<std::string> used_nonces_;
  std::size_t nonce_count_ = 0;
  std::map<std::string, account> accounts_;  ///< by jwk
  std::size_t account_url_count_ = 0;
  std::vector<order> orders_;
  std::vector<authorization> authorizations_;
  std::map<ca_step, std::deque<twist>> twists_;
  std::vector<std::string> refusals_;
};

}  // namespace cardea::test_support
