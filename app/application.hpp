#pragma once

#include "app/access_logs.hpp"
#include "app/issuers.hpp"
#include "app/routes.hpp"
#include "autocert/notifications/notifier.hpp"
#include "autocert/provider_set.hpp"
#include "autocert/status.hpp"
#include "base/async.hpp"
#include "base/log.hpp"
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
  void use(autocert::provider_set* set) noexcept { set_ = set; }
  [[nodiscard]] std::vector<autocert::certificate_status> certificates() const override;
  [[nodiscard]] std::vector<autocert::certificate_status> states() const override;
  autocert::force_result force_expiry_all(
      std::function<void(std::vector<autocert::renewal_outcome>)> finished) override;

 private:
  autocert::provider_set* set_ = nullptr;
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

  explicit application(loader load);
  ~application();

  /// Serves until SIGTERM or SIGINT; the exit code. Errors go to stderr.
  [[nodiscard]] int run();

 private:
  using signals = base::asio::basic_signal_set<base::executor>;
  using shared_configuration = std::shared_ptr<const config::configuration>;

  [[nodiscard]] bool start(config::load_result loaded);
  [[nodiscard]] base::result<std::unique_ptr<autocert::provider_set>> make_certificates(
      const config::configuration& from);
  [[nodiscard]] base::awaitable<void> serve_api();
  [[nodiscard]] base::awaitable<void> handle_signals();
  [[nodiscard]] base::awaitable<void> reload_when_asked();
  [[nodiscard]] base::awaitable<void> reload();
  [[nodiscard]] base::awaitable<void> replace_certificates(shared_configuration next);
  [[nodiscard]] base::awaitable<void> refresh_routes();
  [[nodiscard]] base::awaitable<void> rotate_tickets();
  [[nodiscard]] bool make_notifier();
  void tell_unused_configuration(const std::vector<config::issue>& errors) const;
  void publish_streams(std::shared_ptr<const proxy::stream::route_table> streams);
  void watch_files(const std::vector<std::string>& configuration_files);
  void watch_certificates();
  void warn_about_fixed_settings(const config::configuration& next) const;
  void ask_for_reload();
  void stop();

  loader load_;
  base::logger log_;
  base::asio::io_context context_{1};
  base::task_group tasks_;
  signals signals_;
  base::steady_timer reload_asked_;
  base::steady_timer refresh_due_;
  base::steady_timer rotation_due_;
  shared_configuration configuration_;
  issuers issuers_;
  route_resolver route_resolver_;
  std::unique_ptr<autocert::notifications::notifier> notifications_;
  std::unique_ptr<autocert::provider_set> certificates_;
  current_certificates certificates_view_;
  std::unique_ptr<config::watch> configuration_watch_;
  std::unique_ptr<config::watch> certificate_watch_;
  std::unique_ptr<proxy::health::monitor> health_;
  std::unique_ptr<api::server> api_;
  std::vector<proxy::access_log::shared_logger> access_logs_;  ///< of the configuration in force
  std::shared_ptr<const proxy::routing::route_table> routes_;
  std::shared_ptr<const proxy::stream::route_table> streams_;
  proxy::server server_;
  int exit_code_ = 0;
  bool reload_wanted_ = false;
  bool stopping_ = false;
};

}  // namespace cardea::app
