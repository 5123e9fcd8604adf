#pragma once

#include "autocert/cert_store.hpp"
#include "autocert/environment.hpp"
#include "autocert/failure_store.hpp"
#include "autocert/metadata_store.hpp"
#include "autocert/order_gate.hpp"
#include "autocert/renewal.hpp"
#include "autocert/request_check.hpp"
#include "autocert/retry.hpp"
#include "autocert/status.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "base/task_group.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cardea::autocert {

enum class renew_mode {
  if_needed,  ///< only when due, missing or mismatched, and not in cooldown
  force,      ///< whatever state and cooldown say
};

/// What a load or a renewal did to the certificate that is served.
///
/// Not a bool: copying a result<bool> from a mutable one would convert it, and
/// with it a failure, to false.
enum class effect { unchanged, replaced };

/// A CA that may be asked for a certificate.
struct authority {
  std::string name;             ///< address of its directory, or "internal"
  issuer* ca = nullptr;         ///< never null
  issuer* rehearsal = nullptr;  ///< where an order that failed is tried out first; null: nowhere
  std::string profile = {};     ///< that it is asked for; empty: its default
};

/// The life-cycle of one certificate: `main` or `extra[N]`.
///
/// load from disk -> order when absent, due or for other names -> save the pair
/// -> tell the owner -> wait for the next time. Control thread only. Errors
/// begin with the name, and are logged here.
class provider {
 public:
  /// What a provider works with; all of it outlives the provider.
  struct collaborators {
    const environment& outside;
    order_gate& gate;
    base::task_group& tasks;     ///< in which attempts run; joined before the provider dies
    std::vector<authority> cas;  ///< the preferred one first; empty for local and pseudo
    /// Whether a certificate found on disk is of another kind of CA, so that
    /// it is to be replaced; may be empty.
    std::function<bool(const base::certificate&)> is_foreign;
    /// Called after the served certificate has changed.
    std::function<void()> changed;
  };

  provider(config::certificate_request request, collaborators with);

  [[nodiscard]] const std::string& name() const noexcept { return request_.name; }
  [[nodiscard]] const config::certificate_request& request() const noexcept { return request_; }
  [[nodiscard]] provider_kind kind() const noexcept { return kind_; }
  /// Null while there is none.
  [[nodiscard]] const std::shared_ptr<const base::certificate>& certificate() const noexcept {
    return current_;
  }

  /// Takes the pair from disk, valid or expired. Absent files are no error. For `local` a damaged pair
  /// is errc::damaged_certificate and the served one stays; for the others it
  /// is set aside and counts as absent.
  base::result<effect> load();
  /// The same after files changed. An attempt that runs is about to replace them itself.
  base::result<effect> reload();

  /// errc::in_cooldown, or
  /// errc::get_certificate_failed with the cause. While an attempt is running
  /// its result is waited for and returned: there is never a second order. A
  /// caller that is cancelled does not stop the attempt; its task group does.
  [[nodiscard]] base::awaitable<base::result<effect>> renew(renew_mode mode);

  /// renew(force): "obtain a certificate now".
  [[nodiscard]] base::awaitable<base::result<effect>> obtain_cert() { return renew(renew_mode::force); }

  /// Attempts whenever it is time, until cancelled. Returns at once for local and pseudo.
  [[nodiscard]] base::awaitable<void> keep_renewed();

  /// The CA says that it has revoked this certificate: if it is the one that is served, operators are told, and
  /// another one with another key is ordered (B54).
  void note_revocation(const base::certificate& which);

  [[nodiscard]] certificate_status status() const;
  [[nodiscard]] certificate_state state() const;

 private:
  struct fresh_pair {
    std::string chain_pem;
    base::secret key_pem;
    std::shared_ptr<const base::certificate> certificate;
    std::string profile = {};         ///< with which it was issued
    const authority* from = nullptr;  ///< that issued it
    bool whole = true;                ///< false: without names that were refused
  };

  [[nodiscard]] bool has_ca() const noexcept { return !with_.cas.empty(); }
  [[nodiscard]] renewal_inputs inputs() const;
  [[nodiscard]] bool is_mismatch() const;
  [[nodiscard]] bool is_revoked() const;
  base::result<effect> renew_without_ca(renew_mode mode);
  [[nodiscard]] base::awaitable<base::result<effect>> attempt_result();
  void begin_attempt(renew_mode mode);
  [[nodiscard]] base::awaitable<void> run_attempt();
  [[nodiscard]] base::awaitable<base::result<effect>> attempt();
  void end_attempt();
  [[nodiscard]] base::result<base::key_ptr> key_for_order() const;
  [[nodiscard]] base::awaitable<base::result<fresh_pair>> order_from(std::size_t index, bool is_first_try);
  [[nodiscard]] base::awaitable<base::result<fresh_pair>> order(issuer& ca, std::vector<std::string> domains,
                                                                bool replaces);
  /// What can still be had after a failure: the names that were not refused.
  [[nodiscard]] base::awaitable<void> order_the_rest(std::size_t index, setback why);
  void note_failure(const std::string& ca, const setback& why);
  /// The CA of the served certificate; null when it is none of the configured ones.
  [[nodiscard]] const authority* issuer_of_current() const;
  void install(fresh_pair pair);
  [[nodiscard]] base::error failed(const base::error& cause);
  void serve(std::shared_ptr<const base::certificate> certificate);
  void save(fresh_pair pair);
  void retry_save();
  void tell(notifications::severity level, std::string_view what, std::string text,
            std::vector<std::string> list = {});
  void tell_failure();
  /// Asks the CA when to renew, when it is time to ask; never fails.
  [[nodiscard]] base::awaitable<void> take_advice();
  void suggest(const renewal_window& window, base::wall_time ask_again);
  /// Stores what is known, which must not stop anything: a failure is logged.
  void remember();
  void note_paths();
  [[nodiscard]] base::awaitable<void> pause(std::chrono::milliseconds duration);
  [[nodiscard]] base::awaitable<void> woken();

  config::certificate_request request_;
  provider_kind kind_;
  collaborators with_;
  base::logger log_;
  cert_store store_;
  failure_store failures_;
  metadata_store metadata_;

  std::shared_ptr<const base::certificate> current_;
  std::optional<base::wall_time> obtained_at_;
  std::optional<fresh_pair> unsaved_;  ///< served from memory because the disk refused it
  metadata known_;                     ///< of the served certificate, as far as it names that one
  base::wall_time ask_again_{};        ///< the CA, about the one that is served
  std::vector<std::string> ca_names_;
  std::string wanted_;         ///< fingerprint of the request
  setback setback_;            ///< of the attempt that runs
  std::size_t asked_ = 0;      ///< whom it asks
  std::string revoked_;        ///< serial number of a certificate that the CA has revoked
  bool key_is_burnt_ = false;  ///< the CA wants it replaced at once: not used again, whatever reuse_key says
  bool foreign_ = false;       ///< loaded from disk, and of another CA than the configured one
  bool unreadable_ = false;    ///< files exist but the system refuses to read them
  bool missing_told_ = false;  ///< local: that there is nothing yet
  std::string last_error_;
  std::string told_error_;           ///< the failure that operators know of
  base::wall_time told_error_at_{};  ///< and since when

  bool attempting_ = false;
  std::optional<base::result<effect>> last_result_;  ///< of the attempt that ended last
  base::steady_timer attempt_over_;                  ///< cancelled when an attempt ends
  base::steady_timer wake_;                          ///< cancelled when the next time may have changed
};

}  // namespace cardea::autocert
