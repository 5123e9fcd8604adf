#include "app/application.hpp"

#include "api/server.hpp"
#include "app/activation.hpp"
#include "app/routes.hpp"
#include "app/streams.hpp"
#include "app/version.hpp"
#include "base/fetch_client.hpp"
#include "proxy/net/descriptors.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>

namespace cardea::app {
namespace {

// How late a key for session tickets may be changed.
constexpr std::chrono::seconds ticket_check_interval{60};

// Those of `local` are somebody else's; ours may be replaced by a command beside us.
std::vector<std::string> certificate_files(const config::autocert_section& section) {
  std::vector<std::string> out;
  const auto add = [&](const config::certificate_request& each) {
    if (each.provider == "pseudo") return;
    for (const config::certificate_request& one : config::by_key_type(each))
      out.insert(out.end(), {one.cert_path, one.key_path});
  };
  add(section.main);
  for (const config::certificate_request& each : section.extra) add(each);
  return out;
}

// Who drains behind an upgrade has not been told to end: what stops a whole service at once, the new process and
// the old one, must not cut what the old one still serves. The second signal does.
void expect_first_signal() {
  struct sigaction once {};
  once.sa_handler = [](int) {};
  once.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int number : {SIGTERM, SIGINT}) ::sigaction(number, &once, nullptr);
}

proxy::host_policy host_policy_of(const config::entrypoint_section& entrypoint, const route_resolver& resolver,
                                  const proxy::access_log::journal& journal) {
  return {entrypoint.strict_host, entrypoint.client_cas,
          entrypoint.access_log ? journal.find(*entrypoint.access_log) : nullptr, resolver.entrypoint_middlewares(),
          entrypoint.error_pages.files, config::replaces_errors(entrypoint.middlewares)};
}

}  // namespace

std::vector<autocert::certificate_status> current_certificates::certificates() const {
  return set_->certificates();
}

std::vector<autocert::certificate_status> current_certificates::states() const { return set_->states(); }

autocert::force_result current_certificates::force_expiry_all(
    std::function<void(std::vector<autocert::renewal_outcome>)> finished) {
  if (refusal_.empty()) return set_->force_expiry_all(std::move(finished));
  base::asio::post(executor_, [why = refusal_, finished = std::move(finished)] { finished({{"main", false, why}}); });
  return autocert::force_result::started;
}

application::application(loader load, program self)
    : load_(std::move(load)),
      self_(std::move(self)),
      log_("app"),
      tasks_(context_.get_executor(), log_),
      signals_(context_.get_executor()),
      reload_asked_(context_.get_executor()),
      refresh_due_(context_.get_executor()),
      rotation_due_(context_.get_executor()),
      certificates_due_(context_.get_executor()),
      watchdog_due_(context_.get_executor()),
      step_done_(context_.get_executor()),
      issuers_(context_.get_executor(), [this](base::challenge_snapshot pending, std::function<void()> installed) {
        server_.publish_challenges(pending, installed);
      }),
      certificates_view_(context_.get_executor()) {}

application::~application() = default;

int application::run() {
  // Before the workers start: they inherit the blocked mask and never see a signal.
  base::error_code failure;
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) signals_.add(number, failure);
  std::signal(SIGPIPE, SIG_IGN);
  proxy::net::raise_descriptor_limit();
  if (auto given = base::take_activated_sockets()) {
    activated_ = std::move(*given);
  } else {
    log_.error("cannot start", {{"reason", given.error().message()}});
    return 1;
  }
  if (const auto found = inherit(); !found) {
    log_.error("cannot start", {{"reason", found.error().message()}});
    return 1;
  }
  process_.started_at = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  if (!start(load_())) return 1;
  context_.run();
  log_.info("draining", {{"grace_seconds", configuration_->timeout_shutdown.count()}});
  server_.shut_down(configuration_->timeout_shutdown);
  if (!handed_over_) remove_pid_file();
  log_.info("stopped");
  base::flush_log();
  return exit_code_;
}

bool application::start(config::load_result loaded) {
  for (const config::issue& each : loaded.warnings) log_.warn(config::format_issue(each));
  for (const config::issue& each : loaded.notes) log_.info(config::format_issue(each));
  if (!loaded.loaded) {
    std::fputs(config::format_issues(loaded.errors).c_str(), stderr);
    return false;
  }
  configuration_ = std::make_shared<const config::configuration>(std::move(*loaded.loaded));
  if (!make_notifier()) return false;
  auto certificates = make_certificates(*configuration_);
  if (!certificates) {
    log_.error("cannot start", {{"reason", certificates.error().message()}});
    return false;
  }
  certificates_ = std::move(*certificates);
  certificates_view_.use(certificates_.get());
  auto prober = proxy::health::make_prober("cardea/" + std::string(version_text()));
  if (!prober) {
    log_.error("cannot start", {{"reason", prober.error().message()}});
    return false;
  }
  auto logs = open_access_logs(*configuration_, server_.journal());
  if (!logs) {
    log_.error("cannot start", {{"reason", logs.error().message()}});
    return false;
  }
  access_logs_ = std::move(*logs);
  health_ = std::make_unique<proxy::health::monitor>(proxy::health::monitor::environment{
      context_.get_executor(), std::move(*prober),
      [this](const proxy::upstream::health_snapshot& found) { server_.publish_health(found); }});
  if (const auto opened = open_listeners(); !opened) {
    log_.error("cannot start", {{"reason", opened.error().message()}});
    return false;
  }
  tasks_.spawn(handle_signals());
  tasks_.spawn(begin());
  return true;
}

base::result<void> application::open_listeners() {
  const config::configuration& from = *configuration_;
  auto wanted = proxy::entrypoint_endpoints(from.entrypoint);
  if (!wanted) return wanted.error();
  const std::vector<proxy::net::endpoint> streams = stream_endpoints(from);
  wanted->insert(wanted->end(), streams.begin(), streams.end());
  if (!activated_.empty()) {
    auto sorted = sort_activated(std::exchange(activated_, {}));
    if (!sorted) return sorted.error();
    if (auto taken = assign_activated(std::move(*sorted), *wanted, from.api.addr, inherited_); !taken) return taken.error();
  }
  for (auto& each : inherited_.listening) server_.adopt(std::move(each));
  inherited_.listening.clear();
  const auto doors = predecessor_ ? proxy::server::doors::held : proxy::server::doors::open;
  if (const auto started = server_.start(from.entrypoint, doors); !started) return started.error();
  server_.close_adopted_except(*wanted);
  return server_.bind_streams(streams);
}

// Everything behind the listeners. A process that takes another one's place does it in step with that one.
base::awaitable<void> application::begin() {
  if (predecessor_) {
    const bool go_on = co_await wait_for_certificates();
    if (!go_on) co_return;
  }
  load_certificates();
  watch_files(configuration_->files, configuration_->folders);
  health_->watch(configuration_->routes);
  tasks_.spawn(refresh_routes());
  tasks_.spawn(rotate_tickets());
  const bool listens = co_await open_api();
  if (!listens || stopping_) co_return;
  if (predecessor_) co_await take_over();
  if (stopping_) co_return;
  write_pid_file();
  tasks_.spawn(run_certificates());
  tasks_.spawn(change_when_asked());
  tasks_.spawn(tell_ready());
  tasks_.spawn(feed_watchdog());
  if (api_) co_await api_->run();
}

void application::load_certificates() {
  if (!certificate_locks_.take(configuration_->autocert))
    certificates_view_.refuse_renewals(certificate_locks_.holder());
  certificates_->load_all();
}

bool application::make_notifier() {
  base::fetch_client_options options;
  options.user_agent = "cardea/" + std::string(version_text());
  auto fetch = base::make_fetch(options);
  if (!fetch) {
    log_.error("cannot start", {{"reason", fetch.error().message()}});
    return false;
  }
  notifications_ =
      std::make_unique<autocert::notifications::notifier>(context_.get_executor(), std::move(*fetch));
  notifications_->use(configuration_->notifications);
  return true;
}

void application::tell_unused_configuration(const std::vector<config::issue>& errors) const {
  constexpr std::size_t told_max = 10;
  autocert::notifications::notice what{autocert::notifications::severity::error,
                                       "Configuration not used, the old one goes on"};
  for (std::size_t i = 0; i < errors.size() && i < told_max; ++i)
    what.list.push_back(config::format_issue(errors[i]));
  if (errors.size() > told_max) what.list.push_back(fmt::format("and {} more", errors.size() - told_max));
  notifications_->send(what);
}

base::awaitable<bool> application::open_api() {
  if (configuration_->api.addr.empty()) co_return true;
  api::settings settings;
  settings.addr = configuration_->api.addr;
  settings.version = version_text();
  settings.traffic = [this] { return server_.status(); };
  settings.process = [this] { return process(); };
  if (inherited_.api && inherited_.api_addr == settings.addr) settings.listening = inherited_.api.release();
  inherited_.api.reset();
  api_ = std::make_unique<api::server>(context_.get_executor(), std::move(settings), certificates_view_, *health_);
  const auto listening = co_await api_->listen();
  if (listening) co_return true;
  log_.error("cannot start", {{"reason", listening.error().message()}});
  exit_code_ = 1;
  stop();
  co_return false;
}

// Writes certificates only while no other process does. The kernel takes a lock back from who ends, so that
// what is waited for is a process that lives.
base::awaitable<void> application::run_certificates() {
  constexpr std::chrono::seconds pause{5};
  const unsigned mine = ++certificates_generation_;
  bool has_waited = false;
  while (!stopping_ && !certificate_locks_.take(configuration_->autocert)) {
    if (!std::exchange(has_waited, true))
      log_.warn("another process writes the certificates: they are served and not renewed until it ends",
                {{"reason", certificate_locks_.holder()}});
    certificates_view_.refuse_renewals(certificate_locks_.holder());
    certificates_due_.expires_after(pause);
    co_await certificates_due_.async_wait(base::as_result);
    if (mine != certificates_generation_) co_return;
  }
  if (stopping_) co_return;
  certificates_view_.refuse_renewals({});
  if (has_waited) certificates_->reload();
  co_await certificates_->run();
}

base::result<std::unique_ptr<autocert::provider_set>> application::make_certificates(
    const config::configuration& from) {
  autocert::environment outside{.executor = context_.get_executor()};
  outside.make_acme_issuer = [this](const config::certificate_request& request) {
    return issuers_.make(request);
  };
  outside.notify = [this](const autocert::notifications::notice& what) { notifications_->send(what); };
  outside.publish = [this](base::certificate_snapshot snapshot) { server_.publish_certificates(snapshot); };
  if (auto fetch = make_fetch({}))
    outside.fetch = std::move(*fetch);
  else
    log_.warn("no OCSP responses are stapled", {{"reason", fetch.error().message()}});
  for (const std::string_view name : dns_provider_names()) outside.dns_providers.emplace_back(name);
  auto made = autocert::provider_set::create(from.autocert, std::move(outside));
  if (made) (*made)->folders_listed = [this] { watch_certificates(); };
  return made;
}

base::awaitable<void> application::handle_signals() {
  while (!stopping_) {
    auto [failure, number] = co_await signals_.async_wait(base::as_result);
    if (failure) co_return;
    if (number == SIGHUP) {
      log_.info("reload asked for by SIGHUP");
      ask_for_reload();
      continue;
    }
    if (number == SIGUSR1) {
      server_.journal().reopen();
      continue;
    }
    if (number == SIGUSR2) {
      ask_for_upgrade();
      continue;
    }
    log_.info("stopping", {{"signal", number}});
    stop();
  }
}

void application::ask_for_reload() {
  reload_wanted_ = true;
  reload_asked_.cancel();
}

// One change at a time; reloads that are asked for meanwhile become one more.
base::awaitable<void> application::change_when_asked() {
  while (!stopping_) {
    if (upgrade_wanted_) {
      co_await upgrade();
      upgrade_wanted_ = false;
      continue;
    }
    if (!reload_wanted_) {
      reload_asked_.expires_at(base::steady_timer::time_point::max());
      co_await reload_asked_.async_wait(base::as_result);
      continue;
    }
    reload_wanted_ = false;
    tell_supervisor(base::supervisor::reloading() + "\nSTATUS=reloading");
    co_await reload();
    if (!stopping_) tell_supervisor("READY=1\nSTATUS=" + status_line());
  }
}

base::awaitable<void> application::reload() {
  config::load_result next = load_();
  if (!next.loaded) {
    for (const config::issue& each : next.errors) log_.error(config::format_issue(each));
    log_.error("the new configuration is not used, the old one goes on", {{"errors", next.errors.size()}});
    tell_unused_configuration(next.errors);
    // The files to watch may be others now: a repair must be seen.
    watch_files(next.files, next.folders);
    co_return;
  }
  for (const config::issue& each : next.warnings) log_.warn(config::format_issue(each));
  const auto loaded = std::make_shared<const config::configuration>(std::move(*next.loaded));
  if (loaded->autocert != configuration_->autocert) {
    auto candidate = make_certificates(*loaded);
    if (!candidate) {
      log_.error("the new configuration is not used, the old one goes on",
                 {{"reason", candidate.error().message()}});
      co_return;
    }
  }
  auto logs = open_access_logs(*loaded, server_.journal());
  if (!logs) {
    log_.error("the new configuration is not used, the old one goes on", {{"reason", logs.error().message()}});
    co_return;
  }
  // The last thing that may fail: what it binds is taken up, or nothing was.
  if (const auto bound = server_.bind_streams(stream_endpoints(*loaded)); !bound) {
    log_.error("the new configuration is not used, the old one goes on", {{"reason", bound.error().message()}});
    co_return;
  }
  if (loaded->autocert != configuration_->autocert) co_await replace_certificates(loaded);
  warn_about_fixed_settings(*loaded);
  if (loaded->entrypoint.tls != configuration_->entrypoint.tls) server_.apply(loaded->entrypoint.tls);
  if (loaded->notifications != configuration_->notifications) notifications_->use(loaded->notifications);
  configuration_ = loaded;
  access_logs_ = std::move(*logs);
  watch_files(next.files, next.folders);
  const auto routes = co_await route_resolver_.resolve(loaded, server_.journal());
  routes_ = routes;
  publish_streams(make_streams(*loaded, route_resolver_.book()));
  server_.publish_proxy_protocol(loaded->entrypoint);
  server_.publish_routes(routes, host_policy_of(loaded->entrypoint, route_resolver_, server_.journal()));
  health_->watch(loaded->routes);
  log_.info("configuration reloaded", {{"routes", loaded->routes.size()}});
}

// The old set ends before the new one begins: two must not write one pair of files.
base::awaitable<void> application::replace_certificates(shared_configuration next) {
  certificates_->stop();
  co_await certificates_->join();
  auto fresh = make_certificates(*next);
  if (!fresh) {  // it was made a moment ago, from the same values
    log_.error("certificates are served but not renewed until the next reload",
               {{"reason", fresh.error().message()}});
    co_return;
  }
  std::unique_ptr<autocert::provider_set> old = std::exchange(certificates_, std::move(*fresh));
  certificates_view_.use(certificates_.get());
  certificates_->load_all();
  certificates_->inherit(*old);
  tasks_.spawn(run_certificates());
}

void application::warn_about_fixed_settings(const config::configuration& next) const {
  const config::configuration& now = *configuration_;
  if (next.entrypoint.http_addr != now.entrypoint.http_addr ||
      next.entrypoint.https_addr != now.entrypoint.https_addr ||
      next.entrypoint.threads != now.entrypoint.threads || next.entrypoint.limits != now.entrypoint.limits ||
      next.api.addr != now.api.addr)
    log_.warn("addresses, threads and limits change with a restart only");
}

base::awaitable<void> application::refresh_routes() {
  while (!stopping_) {
    const shared_configuration from = configuration_;
    const auto next = co_await route_resolver_.resolve(from, server_.journal());
    const auto streams = make_streams(*from, route_resolver_.book());
    // A reload may have published other routes meanwhile.
    if (!stopping_ && from == configuration_ && doors_open_ && (!streams_ || !same_streams(*streams_, *streams)))
      publish_streams(streams);
    if (!stopping_ && from == configuration_ && (!routes_ || !same_addresses(*routes_, *next))) {
      routes_ = next;
      server_.publish_routes(next, host_policy_of(from->entrypoint, route_resolver_, server_.journal()));
    }
    server_.release_certificates();
    routes_published_ = true;
    step_done_.cancel();
    if (stopping_) co_return;  // stop() ended waits, and there is no other to come
    refresh_due_.expires_after(route_resolver_.until_due());
    co_await refresh_due_.async_wait(base::as_result);
  }
}

base::awaitable<void> application::rotate_tickets() {
  while (!stopping_) {
    server_.rotate_tickets(std::chrono::steady_clock::now(), configuration_->entrypoint.tls.ticket_rotation);
    rotation_due_.expires_after(ticket_check_interval);
    co_await rotation_due_.async_wait(base::as_result);
  }
}

void application::publish_streams(std::shared_ptr<const proxy::stream::route_table> streams) {
  streams_ = std::move(streams);
  server_.publish_streams(streams_);
}

void application::watch_files(const std::vector<std::string>& configuration_files,
                              const std::vector<std::string>& folders) {
  const auto watched = [this](std::unique_ptr<config::watch>& which, std::function<void()> changed) {
    if (which) return true;
    auto made = config::watch::create(context_.get_executor(), {}, std::move(changed));
    if (!made) {
      log_.warn("files are not watched, SIGHUP still reloads", {{"reason", made.error().message()}});
      return false;
    }
    which = std::move(*made);
    tasks_.spawn(which->run());
    return true;
  };
  const auto reload = [this] {
    log_.info("configuration files changed");
    ask_for_reload();
  };
  const auto reload_certificates = [this] {
    if (certificates_given_) return;
    certificates_->reload();
    certificates_->look_at_folders();
  };
  if (watched(configuration_watch_, reload))
    configuration_watch_->set_files(configuration_files, folders);
  if (watched(certificate_watch_, reload_certificates)) watch_certificates();
  // What changed between the load and the watch.
  certificates_->look_at_folders();
}

void application::watch_certificates() {
  if (certificate_watch_)
    certificate_watch_->set_files(certificate_files(configuration_->autocert), certificates_->folders());
}

base::awaitable<void> application::tell_ready() {
  co_await wait_until(routes_published_);
  if (!stopping_) tell_supervisor("READY=1\nSTATUS=" + status_line());
}

// A sign of life is the workers': each of them has to have turned for it, and this thread as well.
base::awaitable<void> application::feed_watchdog() {
  if (!supervisor_.is_there() || !supervisor_.watchdog_interval()) co_return;
  const auto pause = *supervisor_.watchdog_interval() / 3;
  while (!stopping_) {
    server_.await_workers([this] {
      base::asio::post(context_, [this] {
        if (!stopping_) tell_supervisor("WATCHDOG=1");
      });
    });
    watchdog_due_.expires_after(pause);
    co_await watchdog_due_.async_wait(base::as_result);
  }
}

void application::tell_supervisor(const std::string& lines) const {
  if (const auto told = supervisor_.tell(lines); !told)
    log_.warn("the service manager cannot be told", {{"reason", told.error().message()}});
}

std::string application::status_line() const {
  return fmt::format("serving {} routes", configuration_->routes.size());
}

base::awaitable<void> application::wait_until(const bool& it_is_true) {
  while (!it_is_true && !stopping_) {
    step_done_.expires_at(base::steady_timer::time_point::max());
    co_await step_done_.async_wait(base::as_result);
  }
}

void application::stop() {
  if (std::exchange(stopping_, true)) return;
  // Behind an upgrade the service goes on: it is another process's to tell of.
  if (!handed_over_) tell_supervisor("STOPPING=1\nSTATUS=draining");
  // Back to what the system does with them: a second SIGTERM or Ctrl-C ends the program at once. What asks for a
  // change comes too late, and must not.
  base::error_code ignored;
  signals_.cancel(ignored);
  signals_.clear(ignored);
  for (const int number : {SIGHUP, SIGUSR2}) std::signal(number, SIG_IGN);
  if (handed_over_) expect_first_signal();
  reload_asked_.cancel();
  refresh_due_.cancel();
  rotation_due_.cancel();
  certificates_due_.cancel();
  watchdog_due_.cancel();
  step_done_.cancel();
  if (successor_ != nullptr && !handed_over_) successor_->kill();
  if (predecessor_) predecessor_->channel().shut_down();
  certificates_->stop();
  health_->stop();
  notifications_->stop();
  if (api_) api_->stop();
  if (configuration_watch_) configuration_watch_->stop();
  if (certificate_watch_) certificate_watch_->stop();
}

}  // namespace cardea::app
