#pragma once

#include "base/certificate_source.hpp"
#include "base/error.hpp"
#include "base/pending_challenges.hpp"
#include "config/sections/entrypoint.hpp"
#include "proxy/access_log/journal.hpp"
#include "proxy/host_policy.hpp"
#include "proxy/net/listening_sockets.hpp"
#include "proxy/routing/route_table.hpp"
#include "proxy/status.hpp"
#include "proxy/stream/route_table.hpp"
#include "proxy/tls/server_context.hpp"
#include "proxy/upstream/health_view.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace cardea::proxy {

class worker;
struct handed_session;
namespace stream {
struct udp_transfer;
}

/// What the listeners of the entrypoint are bound to; an error names the key.
[[nodiscard]] base::result<std::vector<net::endpoint>> entrypoint_endpoints(const config::entrypoint_section& entrypoint);

/// The data plane: its workers and their threads. Used from one (the control) thread.
class server {
 public:
  server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  /// Stops at once when still running, and joins.
  ~server();

  /// Listening sockets that somebody else bound, to be used in the place of own ones. Before `start`.
  void adopt(net::listening_sockets::entry ready) { adopted_.push_back(std::move(ready)); }

  enum class doors : bool { open, held };
  /// Binds everything first, then starts: either all listeners serve or none does.
  /// The error names the address and the cause. With held doors clients wait until `open_doors`.
  [[nodiscard]] base::result<void> start(const config::entrypoint_section& entrypoint, doors at_first = doors::open);
  void open_doors();
  /// Adopted sockets that are not among these are closed.
  void close_adopted_except(const std::vector<net::endpoint>& wanted);

  /// What handshakes and requests from now on use; those under way keep theirs.
  void publish_certificates(const base::certificate_snapshot& certificates);
  /// Lets go of certificates that no worker uses any more. Called now and then: it is this thread, not a
  /// worker between two requests, that frees a hundred thousand of them.
  void release_certificates();
  void publish_routes(std::shared_ptr<const routing::route_table> routes, host_policy policy);

  /// Binds what TCP and UDP routes listen on and is not bound yet, all or nothing: before a
  /// configuration is taken, so that one whose ports are not to be had changes nothing.
  [[nodiscard]] base::result<void> bind_streams(const std::vector<net::endpoint>& endpoints);
  /// The TCP and UDP routes from now on. Listeners that it does not name close; connections stay.
  /// REQUIRES: what it listens on was bound.
  void publish_streams(const std::shared_ptr<const stream::route_table>& table);

  /// Every listening socket, of the entrypoint and of routes.
  [[nodiscard]] const std::vector<net::listening_sockets::entry>& listening() const noexcept { return sockets_.all(); }

  /// Whose PROXY header is believed from now on.
  void publish_proxy_protocol(const config::entrypoint_section& entrypoint);
  /// What the active checks found.
  void publish_health(const upstream::health_snapshot& health);
  /// What clients are offered from now on; REQUIRES: options that were read without an error.
  void apply(const config::tls_section& options);
  /// Makes a new key for session tickets, and tells all workers, as often as `every` has passed
  /// since the last one. To be called more often than that.
  void rotate_tickets(std::chrono::steady_clock::time_point now, std::chrono::milliseconds every);

  /// What CAs may ask for from now on, on the listeners with and without TLS. `installed` is called once,
  /// from any thread, when every worker answers for it; never when the server ends before.
  void publish_challenges(const base::challenge_snapshot& pending, const std::function<void()>& installed);

  /// `installed` is called once, from any thread, when the workers have what was published so far.
  void await_workers(const std::function<void()>& installed);

  /// The ticket keys and their age as bytes; whoever holds them wipes them.
  [[nodiscard]] std::string ticket_state() const;
  /// What `ticket_state` of another process on this machine gave; false, and nothing changes, when it is not that.
  /// Before `start`.
  [[nodiscard]] bool use_ticket_state(std::string_view state);

  /// Takes no more work, since another process goes on with the same listening sockets, and gives away the UDP
  /// sessions. Clients that are silent may ask once more for `idle_grace`. `then` is called once, from any thread.
  void hand_over(std::chrono::milliseconds idle_grace, std::function<void(std::vector<handed_session>)> then);
  /// Sessions that another process gave away: taken up by the next `publish_streams`.
  void adopt_sessions(std::vector<handed_session> sessions);

  /// Takes no more work; waits until open connections ended or `grace` passed, then ends the rest.
  /// Blocks the calling thread.
  void shut_down(std::chrono::milliseconds grace);

  /// What access logs are opened in, before the routes that have them are published.
  [[nodiscard]] access_log::journal& journal() noexcept { return journal_; }

  [[nodiscard]] proxy_status status() const;

 private:
  [[nodiscard]] base::result<void> open_entrypoint(const config::entrypoint_section& entrypoint,
                                                   std::vector<std::unique_ptr<worker>>& workers);
  [[nodiscard]] std::vector<stream::udp_transfer> sessions_on(const net::endpoint& at, std::size_t index);

  access_log::journal journal_;  ///< outlives the workers
  std::shared_ptr<const tls::ticket_keys> tickets_ = std::make_shared<const tls::ticket_keys>();
  tls::ticket_rotation rotation_{std::chrono::steady_clock::now()};
  std::vector<base::certificate_snapshot> published_;  ///< the last one, and those that workers may still hold
  net::listening_sockets sockets_{1};
  std::vector<net::listening_sockets::entry> adopted_;  ///< until `start`
  std::vector<handed_session> adopted_sessions_;
  std::vector<net::endpoint> handed_;  ///< of routes: what the workers have of `sockets_`
  std::vector<std::unique_ptr<worker>> workers_;
  std::vector<std::thread> threads_;
};

}  // namespace cardea::proxy
