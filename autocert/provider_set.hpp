#pragma once

#include "autocert/certificate_folder.hpp"
#include "autocert/environment.hpp"
#include "autocert/internal_ca.hpp"
#include "autocert/order_gate.hpp"
#include "autocert/provider.hpp"
#include "autocert/sni_matcher.hpp"
#include "autocert/stapler.hpp"
#include "autocert/status.hpp"
#include "autocert/unused_pairs.hpp"
#include "base/certificate_source.hpp"
#include "base/log.hpp"
#include "base/task_group.hpp"
#include "config/sections/autocert.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace cardea::autocert {

/// Main and all extras of one configuration: created together or not at all.
///
///     auto set = provider_set::create(section, environment);   // checks, no I/O to speak of
///     (*set)->load_all();                                      // disk or placeholder; publishes
///     co_await (*set)->run();                                  // schedules until stop()
///
/// Control thread only. REQUIRES: run() (or, without run, join()) has completed
/// before destruction.
class provider_set final : public control {
 public:
  /// The first reason why the configuration cannot be used, prefixed by the
  /// provider's name; see check_requests.
  [[nodiscard]] static base::result<std::unique_ptr<provider_set>> create(
      const config::autocert_section& section, environment outside);
  provider_set(const provider_set&) = delete;
  provider_set& operator=(const provider_set&) = delete;
  ~provider_set() override;

  /// Takes from disk what is there and publishes it, with a self-signed
  /// placeholder for main when there is nothing. Never fails: what could not be
  /// used is logged and returned, for `validate`.
  std::vector<base::error> load_all();

  /// Goes on serving what a former set served and this one does not have, for names that this one has no
  /// certificate for, until it ends (B11): what left the configuration is not renewed, and nothing breaks
  /// before its time. Call after load_all.
  void inherit(const provider_set& former);

  /// What is on disk again, after files changed: those of `local`, and what a
  /// command beside us put in the place of ours. A pair that is not usable, or
  /// older than the one that is served, changes nothing.
  std::vector<base::error> reload();

  /// The folders again, because something in them changed: examines what is new or other than before, in
  /// small pieces between which the control thread does other work. While a look is running another one
  /// is begun after it.
  void look_at_folders();
  /// The configured folders and what is in them, to be watched.
  [[nodiscard]] std::vector<std::string> folders() const;
  /// Called when `folders` may have changed.
  std::function<void()> folders_listed;

  /// Schedules, and completes after stop() when everything has ended.
  [[nodiscard]] base::awaitable<void> run();
  /// Ends schedules and running attempts; run() and join() then complete.
  void stop();
  /// Completes when nothing runs any more.
  [[nodiscard]] base::awaitable<void> join();

  /// Starts the schedule of each certificate, once. `local` and `pseudo` have none.
  void schedule_renewal_all();

  /// Orders every certificate now; the first failure, after all have ended.
  [[nodiscard]] base::awaitable<base::result<void>> obtain_cert_all();
  /// The same for those of which there is none, unless in cooldown.
  [[nodiscard]] base::awaitable<base::result<void>> obtain_cert_if_not_exists_all();

  force_result force_expiry_all(std::function<void(std::vector<renewal_outcome>)> finished) override;
  [[nodiscard]] std::vector<certificate_status> certificates() const override;
  [[nodiscard]] std::vector<certificate_status> states() const override;
  void print_cert_expiries_all() const;

  /// What a handshake with this name gets now; null when there is nothing.
  [[nodiscard]] std::shared_ptr<const base::certificate> get_cert(std::string_view server_name) const;
  [[nodiscard]] const base::certificate_snapshot& snapshot() const noexcept { return snapshot_; }

  /// Main first, then the extras in order.
  [[nodiscard]] const std::vector<std::unique_ptr<provider>>& providers() const noexcept {
    return providers_;
  }

 private:
  provider_set(const config::autocert_section& section, environment outside);

  [[nodiscard]] base::result<void> add(const config::certificate_request& request, std::uint32_t rank,
                                       const std::string& root_folder);
  [[nodiscard]] base::result<authority> make_authority(const config::certificate_request& request);
  void publish() { publish({}); }
  /// What providers hold now, and these changes of folders.
  void publish(std::vector<sni_matcher::change> changes);
  void take_changes_of_providers(std::vector<sni_matcher::change>& into);
  void drop_ended(std::vector<sni_matcher::change>& into);
  [[nodiscard]] base::awaitable<void> watch_inherited();
  [[nodiscard]] base::awaitable<void> collect_unused();
  [[nodiscard]] std::vector<base::certificate_ptr> fallbacks();
  [[nodiscard]] base::awaitable<void> examine_folders();
  [[nodiscard]] base::awaitable<void> renew_into(provider& which, renew_mode mode,
                                                 base::result<effect>& outcome);
  [[nodiscard]] base::awaitable<std::vector<base::result<effect>>> renew_each(std::vector<provider*> which,
                                                                              renew_mode mode);
  [[nodiscard]] base::awaitable<void> force_all(std::function<void(std::vector<renewal_outcome>)> finished);

  environment outside_;
  base::logger log_;
  order_gate gate_;
  std::unique_ptr<internal_ca> internal_;
  std::vector<std::unique_ptr<issuer>> issuers_;
  std::vector<std::unique_ptr<provider>> providers_;
  std::vector<certificate_folder> folders_;
  /// What was published last, by provider.
  struct claim {
    claimant_ptr by;
    std::unique_ptr<stapler> staples;
    base::certificate_ptr certificate;
  };
  std::vector<claim> claims_;
  struct inherited {
    claimant_ptr by;
    base::certificate_ptr certificate;
  };
  std::vector<inherited> inherited_;
  unused_pairs unused_;
  std::shared_ptr<const sni_matcher> matcher_ = std::make_shared<const sni_matcher>();
  bool looking_ = false;
  bool look_again_ = false;
  std::shared_ptr<const base::certificate> placeholder_;
  base::certificate_snapshot snapshot_;
  bool publishing_ = false;  ///< false until load_all has seen them all
  bool scheduled_ = false;
  bool stopped_ = false;
  bool forcing_ = false;
  base::task_group tasks_;  ///< last: gone before what its children use
};

}  // namespace cardea::autocert
