#pragma once

#include "base/address.hpp"
#include "proxy/net/listening_sockets.hpp"
#include "proxy/routing/host_names.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::proxy::stream {

/// Where bytes or datagrams go, below HTTP. Immutable once shared.
struct route {
  std::string name;
  net::endpoint at;             ///< where it listens
  bool by_server_name = false;  ///< shares the listener of https: `at` is that one's
  bool terminates_tls = false;
  bool relays_proxy_header = false;
  std::string backend;                   ///< host:port as configured, for the log
  std::vector<base::address> addresses;  ///< tried in order; empty when the name did not resolve

  friend bool operator==(const route&, const route&) = default;
};

using shared_route = std::shared_ptr<const route>;

/// The TCP and UDP routes of one configuration; immutable, shared by all workers.
class route_table {
 public:
  route_table(std::vector<route> routes, const std::vector<std::string>& match_domains);

  [[nodiscard]] const std::vector<shared_route>& routes() const noexcept { return routes_; }
  /// The TCP route on the listener of https for a TLS server name; null when there is none.
  [[nodiscard]] shared_route find_server_name(std::string_view name) const noexcept;
  [[nodiscard]] bool has_server_names() const noexcept { return has_server_names_; }
  /// What routes listen on besides the listener of https.
  [[nodiscard]] std::vector<net::endpoint> endpoints() const;

 private:
  std::vector<shared_route> routes_;
  routing::host_names server_names_;
  bool has_server_names_ = false;
};

}  // namespace cardea::proxy::stream
