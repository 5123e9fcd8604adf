#pragma once

#include "api/limits.hpp"
#include "api/process_status.hpp"
#include "base/async.hpp"
#include "base/error.hpp"
#include "proxy/status.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace cardea::autocert {
class control;
}

namespace cardea::proxy {
class health_source;
}

namespace cardea::api {

struct settings {
  std::string addr = "127.0.0.1:8888";  ///< "host:port", "[v6]:port" or ":port" (all addresses)
  std::string version;
  limits maximums{};
  std::function<proxy::proxy_status()> traffic = {};  ///< what the proxy counts; may be empty
  std::function<process_status()> process = {};       ///< may be empty
  int listening = -1;  ///< a socket that listens on `addr` already; the server's from now on
};

/// The API's HTTP/1.1 server. Control thread only.
class server {
 public:
  /// REQUIRES: `certificates` and `routes` outlive this object.
  server(base::executor where, settings wanted, autocert::control& certificates,
         const proxy::health_source& routes);
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  /// REQUIRES: `run` has completed or never started (or the io_context is gone).
  ~server();

  /// Binds and listens. The error names the address.
  [[nodiscard]] base::awaitable<base::result<void>> listen();

  /// Accepts until `stop` (or cancellation of the calling coroutine), then
  /// waits for every session. REQUIRES: `listen` succeeded.
  [[nodiscard]] base::awaitable<void> run();

  /// Stops accepting; idle clients are closed, WebSocket clients get close code 1001.
  void stop();

  /// After `listen`: the socket, for who goes on listening in this one's place. It stays the server's.
  [[nodiscard]] int descriptor();

  /// After `listen`: what port 0 became.
  [[nodiscard]] std::uint16_t port() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace cardea::api
