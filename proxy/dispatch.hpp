#pragma once

#include "proxy/forward.hpp"
#include "proxy/host_policy.hpp"
#include "proxy/overload.hpp"
#include "proxy/passage.hpp"
#include "proxy/http/exchange.hpp"
#include "proxy/routing/route_table.hpp"
#include "proxy/status.hpp"
#include "proxy/tls/client_policy.hpp"
#include "proxy/upstream/group.hpp"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace cardea::proxy {

/// What a worker answers with: the routes of one configuration and the worker's
/// group of backends for each. Immutable; an exchange keeps the one that it began with.
struct worker_view final : tls::client_policies {
  std::shared_ptr<const routing::route_table> routes;
  std::vector<std::shared_ptr<upstream::group>> groups;  ///< by route index; null for routes without a backend
  host_policy hosts;

  /// By the same rules for a server name as for a Host.
  [[nodiscard]] answer find(std::string_view name) const noexcept override {
    const std::size_t route = routes->find(name);
    return {route != routing::route_table::none, policy_of(route)};
  }
  [[nodiscard]] const base::trust_store* policy_of(std::size_t route) const noexcept {
    if (hosts.client_cas || route == routing::route_table::none) return hosts.client_cas.get();
    return routes->routes()[route].client_cas.get();
  }
};

/// host -> route -> whoever answers: files or a backend. Worker's thread only.
class dispatch final : public http::handler {
 public:
  struct settings {
    net::buffer_pool& buffers;
    http1::client_exchange::limits backend;
    base::tick_ms body_progress_timeout;
    base::tick_ms tunnel_idle_timeout;
    http::body_limits request_body;  ///< where a route says nothing else
    overload_limits overload;
  };
  dispatch(settings values, worker_counters& counters) noexcept : settings_(values), counters_(counters) {}

  void publish(std::shared_ptr<const worker_view> view) noexcept { view_ = std::move(view); }
  [[nodiscard]] bool equipped() const noexcept { return view_ != nullptr; }
  /// REQUIRES: equipped.
  [[nodiscard]] net::task<void> handle(http::exchange& request) override;

 private:
  /// From the checks that hold for every host on.
  [[nodiscard]] net::task<void> find_answer(http::exchange& request);
  /// The same while there are error pages of the operator's own.
  [[nodiscard]] net::task<void> answer_with_pages(http::exchange& request);
  /// By the route of that index, whose host's route and middlewares are done with.
  [[nodiscard]] net::task<void> answer(http::exchange& request, std::shared_ptr<const worker_view> view,
                                       std::size_t index);
  /// The same with the steps before it: path rules and middlewares.
  [[nodiscard]] net::task<void> answer_by_steps(http::exchange& request, std::shared_ptr<const worker_view> view,
                                                std::size_t index);

  settings settings_;
  worker_counters& counters_;
  edited_exchanges edits_;
  std::shared_ptr<const worker_view> view_;
};

/// Port 80: every request is sent to https on `https_port` (308, so that methods survive).
class https_redirect final : public http::handler {
 public:
  explicit https_redirect(std::uint16_t https_port) noexcept : https_port_(https_port) {}
  [[nodiscard]] net::task<void> handle(http::exchange& request) override;

 private:
  std::uint16_t https_port_;
};

}  // namespace cardea::proxy
