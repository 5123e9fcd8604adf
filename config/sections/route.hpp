#pragma once

#include "config/sections/backend_entry.hpp"
#include "config/sections/backend_tls.hpp"
#include "config/sections/files.hpp"
#include "config/sections/healthcheck.hpp"
#include "config/sections/load_balance.hpp"
#include "config/sections/middleware.hpp"
#include "config/sections/path_rule.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cardea::base {
class trust_store;
}

namespace cardea::config {

struct access_log_section;

enum class route_scheme { http, https, h2c, fileserver, tcp, udp };

/// Routes below HTTP: bytes or datagrams, from a listening port of their own.
[[nodiscard]] constexpr bool is_stream(route_scheme scheme) noexcept {
  return scheme == route_scheme::tcp || scheme == route_scheme::udp;
}

struct route_section {
  std::string alias;  ///< lower case: "app" answers for app.<domain>; one with a dot is a full host name; may
                      ///< be `*.suffix`
  std::vector<std::string> names;  ///< more of the same kind; the route answers for all of them
  bool internal = false;           ///< answers for no host, only where `paths` of others name it
  route_scheme scheme = route_scheme::http;
  std::string host = "localhost";  ///< of the only backend, unless there are `backends`
  std::uint16_t port = 80;
  std::vector<backend_entry> backends;  ///< several of them: instead of host and port
  load_balance_section load_balance;
  healthcheck_section healthcheck;
  health_plan checks;                   ///< `healthcheck` completed with the defaults
  std::size_t max_conns_per_host = 0;   ///< for each backend, all workers together; 0: no limit
  std::size_t max_pending = 1'024;      ///< requests that wait for a backend, for each worker; 503 beyond
  std::chrono::milliseconds pending_timeout{5'000};
  std::optional<std::chrono::milliseconds> connect_timeout;        ///< empty: the entrypoint's
  std::optional<std::chrono::milliseconds> body_progress_timeout;  ///< empty: the entrypoint's
  std::chrono::milliseconds total_timeout{0};         ///< of a whole exchange; 0: none
  std::chrono::milliseconds tunnel_idle_timeout{3'600'000};  ///< of an upgraded connection
  std::chrono::milliseconds response_header_timeout{60'000};
  backend_tls_section tls;  ///< https backends only
  /// Who vouches for this route's clients; null: they need no certificate.
  std::shared_ptr<const base::trust_store> client_cas;
  std::optional<std::size_t> request_body_bytes_max;  ///< none: the entrypoint's; 0: any
  std::optional<std::size_t> request_body_rate_min;   ///< likewise
  std::shared_ptr<const access_log_section> access_log;  ///< besides the entrypoint's; null: none
  files_section files;            ///< fileserver only
  std::string bind;               ///< tcp, udp: the IP to listen on; empty: every address
  std::uint16_t listen_port = 0;  ///< tcp, udp: never 0
  bool tls_termination = false;   ///< tcp: TLS ends here, the backend gets the bytes in the clear
  bool relay_proxy_protocol_header = false;  ///< tcp: the backend gets a PROXY header, version 2
  path_section paths;
  bool only_redirects = false;  ///< `paths` is one rule for everything: there is no backend
  std::vector<middleware_section> middlewares;  ///< in the order in which they are passed
  std::string source;  ///< "file:line:column" of the definition, for messages
};

/// What a route answers for: its alias, and its other names behind it.
[[nodiscard]] std::vector<std::string> names_of(const route_section& route);

/// The servers behind a route, in order: `backends`, or the one of host and port. None for a fileserver or a redirect.
[[nodiscard]] std::vector<backend_entry> backends_of(const route_section& route);

}  // namespace cardea::config
