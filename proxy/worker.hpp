#pragma once

#include "base/certificate_source.hpp"
#include "base/pending_challenges.hpp"
#include "config/sections/entrypoint.hpp"
#include "proxy/access_gate.hpp"
#include "proxy/challenge_gate.hpp"
#include "proxy/connection.hpp"
#include "proxy/dispatch.hpp"
#include "proxy/host_policy.hpp"
#include "proxy/net/listener.hpp"
#include "proxy/status.hpp"
#include "proxy/stream_listeners.hpp"
#include "proxy/tls/backend_context.hpp"
#include "proxy/upstream/fleet.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace cardea::proxy {

/// One thread's share of the proxy: its loop, listeners, backends and counters.
///
/// Constructed and destroyed on the owner's thread while the worker does not
/// run; `run` is the worker's thread. The other calls are safe from any thread.
class worker {
 public:
  struct listening {
    net::file_descriptor fd;
    std::uint16_t port;
    bool tls;
  };
  worker(const config::entrypoint_section& entrypoint, std::uint16_t https_port,
         std::shared_ptr<const tls::ticket_keys> tickets, std::shared_ptr<const preface_policy> preface,
         upstream::worker_share share, access_log::journal& journal);
  ~worker();

  /// Before `run`.
  void listen(listening socket);
  /// Before `run`: nobody is let in until `open_doors`; clients wait in the kernel's queues.
  void hold_doors() noexcept { held_ = true; }
  void open_doors();
  /// `done` is called on the worker's thread when it has what was published before.
  void await_posted(std::function<void()> done);
  /// Serves until `stop`. TLS clients are let in when certificates and routes have been published.
  void run();

  void publish_certificates(base::certificate_snapshot certificates);
  void publish_routes(std::shared_ptr<const routing::route_table> routes, host_policy policy);
  /// TCP and UDP routes. `fresh` holds descriptors for what this worker does not listen on yet.
  void publish_streams(std::shared_ptr<const stream::route_table> table, std::vector<handed_socket> fresh);
  /// For connections from now on.
  void publish_preface(std::shared_ptr<const preface_policy> preface);
  void publish_health(upstream::health_snapshot health);
  void publish_tickets(std::shared_ptr<const tls::ticket_keys> tickets);
  void apply(const config::tls_section& options);
  /// `installed` is called on the worker's thread once both listeners answer for it.
  void publish_challenges(base::challenge_snapshot pending, std::function<void()> installed);
  /// Takes no more connections; exchanges under way finish, idle connections close.
  void drain();
  /// As drain, for when another process goes on with the same listening sockets: silent clients may ask once more
  /// for `idle_grace`, and `then` gets the UDP sessions, on the worker's thread.
  void hand_over(std::chrono::milliseconds idle_grace, std::function<void(std::vector<handed_session>)> then);
  /// Ends everything now; `run` returns.
  void stop();

  [[nodiscard]] const worker_counters& counters() const noexcept { return counters_; }

 private:
  struct entrance;
  [[nodiscard]] connection_environment environment_of(const listening& socket, http::handler& handler);
  [[nodiscard]] net::task<void> accept_connections(entrance& in);
  /// Waits until one client more can be let in; sends away who waits longest for his.
  [[nodiscard]] net::task<void> make_room(net::waiter& pause);
  [[nodiscard]] bool is_full() noexcept;
  void tell_that_full() noexcept;
  [[nodiscard]] net::task<void> sweep_backends();
  /// Certificates and routes have been published.
  [[nodiscard]] bool equipped() const noexcept { return server_tls_.equipped() && dispatch_.equipped(); }
  template <class Publish>
  void publish(Publish install);
  void install(std::shared_ptr<const routing::route_table> routes, host_policy policy);
  void begin_drain();

  const config::proxy_limits limits_;
  http1::session_limits session_limits_;
  http2::session_limits http2_limits_;
  upstream::pool_limits pool_limits_;
  worker_counters counters_;
  std::shared_ptr<const preface_policy> preface_;
  client_census census_;
  net::event_loop loop_;
  net::buffer_pool buffers_;
  net::waiting_line handshakes_;
  net::waiting_line waiting_;  ///< for a request
  overload_limits overload_;
  std::size_t descriptors_max_;      ///< numbers from here on are kept for backends and files
  bool descriptors_scarce_ = false;  ///< when it was looked at last
  base::tick_ms quiet_until_ = 0;    ///< the log has been told
  tls::stream_resources resources_;
  tls::server_context server_tls_;
  tls::backend_context backend_tls_;
  dispatch dispatch_;
  https_redirect redirect_;
  base::challenge_snapshot challenges_;  ///< null: nothing is pending
  challenge_gate secure_challenges_{dispatch_, challenges_};
  challenge_gate clear_challenges_{redirect_, challenges_};
  access_logs access_logs_;
  access_log::recorder pen_;
  access_gate secure_gate_{secure_challenges_, access_logs_, pen_};
  access_gate clear_gate_{clear_challenges_, access_logs_, pen_};
  upstream::fleet fleet_;
  net::pipe_pool pipes_;
  stream_environment streams_;
  connection_environment stream_connections_;
  stream_listeners stream_listeners_;
  std::vector<std::unique_ptr<entrance>> entrances_;
  bool draining_ = false;
  base::tick_ms idle_until_ = 0;  ///< while draining
  bool held_ = false;
};

}  // namespace cardea::proxy
