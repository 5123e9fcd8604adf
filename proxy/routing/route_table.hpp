#pragma once

#include "base/clock.hpp"
#include "base/trust_store.hpp"
#include "config/sections/files.hpp"
#include "config/sections/route.hpp"
#include "proxy/middleware/chain.hpp"
#include "proxy/routing/host_names.hpp"
#include "proxy/routing/path_rules.hpp"
#include "proxy/upstream/upstream.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::proxy::access_log {
struct logger;
}

namespace cardea::proxy::routing {

/// 0 is the worker's own; for `total` it is none.
struct route_timeouts {
  std::chrono::milliseconds body_progress{0};
  std::chrono::milliseconds tunnel_idle{0};
  std::chrono::milliseconds total{0};
};

/// What answers for a host.
struct route {
  std::string name;
  std::vector<std::string> names;  ///< more that it answers for
  bool internal = false;           ///< answers for no host, only where rules of others name it
  /// `nothing`: its rules answer for all paths.
  enum class kind : std::uint8_t { backend, files, nothing } kind = kind::backend;
  upstream::upstream upstream;  ///< of kind backend: at least one
  std::chrono::milliseconds response_header_timeout{60'000};
  route_timeouts timeouts;
  config::files_section files;
  std::optional<std::uint64_t> request_body_bytes_max;  ///< none: the entrypoint's
  std::optional<std::size_t> request_body_rate_min;     ///< likewise; 0: any
  std::shared_ptr<const access_log::logger> access_log;  ///< besides the entrypoint's; null: none
  /// Who vouches for this route's clients; null: they need no certificate.
  std::shared_ptr<const base::trust_store> client_cas;
  path_rules paths;
  std::vector<std::size_t> rule_routes;  ///< by rule: the route that answers; made by the table
  std::shared_ptr<const middleware::chain> middlewares;  ///< null: none
  bool error_pages_of_backends = false;  ///< the operator's pages replace what backends say of errors
  middleware::route_facts facts;

  /// Whether a request goes another way than straight to who answers.
  [[nodiscard]] bool has_steps() const noexcept { return middlewares != nullptr || paths.reads_paths(); }
};

/// Host -> route; immutable, shared by all workers.
class route_table {
 public:
  /// The first route to claim a host keeps it. REQUIRES: the routes that rules name are there.
  route_table(std::vector<route> routes, const std::vector<std::string>& match_domains);

  static constexpr std::size_t none = host_names::none;
  /// The index of the route for an authority as received (any case, maybe with
  /// a port and a final dot), or none: exact name, then `alias.<anything>`
  /// when there are no match_domains, then a wildcard of one label.
  [[nodiscard]] std::size_t find(std::string_view authority) const noexcept;

  [[nodiscard]] const std::vector<route>& routes() const noexcept { return routes_; }

 private:
  std::vector<route> routes_;
  host_names names_;
};

}  // namespace cardea::proxy::routing
