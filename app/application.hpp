#pragma once

#include "api/process_status.hpp"
#include "app/access_logs.hpp"
#include "app/certificate_locks.hpp"
#include "app/hand_over.hpp"
#include "app/issuers.hpp"
#include "app/predecessor.hpp"
#include "app/program.hpp"
#include "app/routes.hpp"
#include "app/successor.hpp"
#include "autocert/notifications/notifier.hpp"
#include "autocert/provider_set.hpp"
#include "autocert/status.hpp"
#include "base/async.hpp"
#include "base/log.hpp"
#include "base/supervisor.hpp"
#include "base/task_group.hpp"
#include "config/load.hpp"
#include "config/watch.hpp"
#include "proxy/health/monitor.hpp"
#include "proxy/server.hpp"

#include <boost/asio/signal_set.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace cardea::api {
class server;
}

namespace cardea::app {

/// Certificates as the API sees them, whichever configuration's set serves now.
class current_certificates final : public autocert::control {
 public:
  explicit current_certificates(base::executor where) : executor_(where) {}
  void use(autocert::provider_set* set) noexcept { set_ = set; }
  /// Why no certificate may be renewed by this process now; empty when it may.
  void refuse_renewals(std::string why) { refusal_ = std::move(why); }
  [[nodiscard]] std::vector<autocert::certificate_status> certificates() const override;
  [[nodiscard]] std::vector<autocert::certificate_status> states() const override;
  autocert::force_result force_expiry_all(
      std::function<void(std::vector<autocert::renewal_outcome>)> finished) override;

 private:
  base::executor executor_;
  autocert::provider_set* set_ = nullptr;
  std::string refusal_;
};

/// The running program: builds the parts from a configuration, joins them, and
/// puts a new configuration in the place of the old one.
///
/// Everything here runs on the control thread. A reload prepares the new parts
/// first; when that fails, nothing has changed.
class application {
 public:
  /// Loads the configuration; called at the start and for each reload.
  using loader = std::function<config::load_result()>;

  /// `self`: what an upgrade starts.
  application(loader load, program self);
  ~application();

  /// Serves until SIGTERM or SIGINT; the exit code. Errors go to stderr.
  [[nodiscard]] int run();

 private:
  using signals = base::asio::basic_signal_set<base::executor>;
  using shared_configuration = std::shared_ptr<const config::configuration>;

  [[nodiscard]] bool start(config::load_result loaded);
  [[nodiscard]] base::result<void> inherit();
  [[nodiscard]] base::result<void> open_listeners();
  [[nodiscard]] base::awaitable<void> tell_ready();
  [[nodiscard]] base::awaitable<void> feed_watchdog();
  void tell_supervisor(const std::string& lines) const;
  [[nodiscard]] std::string status_line() const;
  [[nodiscard]] base::awaitable<void> begin();
  void load_certificates();
  [[nodiscard]] base::result<std::unique_ptr<autocert::provider_set>> make_certificates(
      const config::configuration& from);
  [[nodiscard]] base::awaitable<void> serve();
  [[nodiscard]] base::awaitable<bool> open_api();
  [[nodiscard]] base::awaitable<void> run_certificates();
  [[nodiscard]] base::awaitable<void> wait_until(const bool& it_is_true);
  [[nodiscard]] base::awaitable<void> handle_signals();
  [[nodiscard]] base::awaitable<void> change_when_asked();
  [[nodiscard]] base::awaitable<void> reload();
  [[nodiscard]] base::awaitable<void> replace_certificates(shared_configuration next);
  [[nodiscard]] base::awaitable<void> refresh_routes();
  [[nodiscard]] base::awaitable<void> rotate_tickets();
  [[nodiscard]] bool make_notifier();
  void tell_unused_configuration(const std::vector<config::issue>& errors) const;
  void publish_streams(std::shared_ptr<const proxy::stream::route_table> streams);
  void watch_files(const std::vector<std::string>& configuration_files, const std::vector<std::string>& folders);
  void watch_certificates();
  void warn_about_fixed_settings(const config::configuration& next) const;
  void ask_for_reload();
  void ask_for_upgrade();
  void stop();

  // Of upgrades, on either side.
  [[nodiscard]] base::awaitable<void> upgrade();
  [[nodiscard]] base::awaitable<base::result<void>> hand_over(successor& to);
  [[nodiscard]] base::result<void> send_inventory(successor& to);
  [[nodiscard]] base::awaitable<base::result<void>> leave(successor& to);
  [[nodiscard]] base::awaitable<void> fail_upgrade(std::unique_ptr<successor> next, base::error why);
  [[nodiscard]] base::awaitable<bool> wait_for_certificates();
  [[nodiscard]] base::awaitable<void> take_over();
  [[nodiscard]] api::process_status process() const;
  void go_on_alone();
  void write_pid_file() const;
  void remove_pid_file() const;

  loader load_;
  const program self_;
  base::logger log_;
  base::asio::io_context context_{1};
  base::task_group tasks_;
  signals signals_;
  base::steady_timer reload_asked_;
  base::steady_timer refresh_due_;
  base::steady_timer rotation_due_;
  base::steady_timer certificates_due_;
  base::supervisor supervisor_;
  std::vector<base::activated_socket> activated_;  ///< until the listeners are opened
  base::steady_timer watchdog_due_;
  base::steady_timer step_done_;  ///< cancelled when something came true that `wait_until` may be waiting for
  shared_configuration configuration_;
  issuers issuers_;
  route_resolver route_resolver_;
  std::unique_ptr<autocert::notifications::notifier> notifications_;
  std::unique_ptr<autocert::provider_set> certificates_;
  current_certificates certificates_view_;
  certificate_locks certificate_locks_;
  unsigned certificates_generation_ = 0;  ///< of the set that may run
  std::unique_ptr<config::watch> configuration_watch_;
  std::unique_ptr<config::watch> certificate_watch_;
  std::unique_ptr<proxy::health::monitor> health_;
  std::unique_ptr<api::server> api_;
  std::vector<proxy::access_log::shared_logger> access_logs_;  ///< of the configuration in force
  std::shared_ptr<const proxy::routing::route_table> routes_;
  std::shared_ptr<const proxy::stream::route_table> streams_;
  proxy::server server_;
  std::unique_ptr<predecessor> predecessor_;  ///< until this process has taken over
  inheritance inherited_;
  successor* successor_ = nullptr;  ///< while an upgrade is under way
  api::process_status process_;
  int exit_code_ = 0;
  bool routes_published_ = false;
  bool workers_ready_ = false;
  bool certificates_given_ = false;  ///< to the process that is to take over
  bool sessions_gathered_ = false;
  std::vector<proxy::handed_session> sessions_;
  bool doors_open_ = false;
  bool upgrade_wanted_ = false;
  bool handed_over_ = false;
  bool reload_wanted_ = false;
  bool stopping_ = false;
};

}  // namespace cardea::app
