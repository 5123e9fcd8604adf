#pragma once

#include "proxy/upstream/group.hpp"
#include "proxy/upstream/health_view.hpp"

#include <memory>
#include <string>
#include <unordered_map>

namespace cardea::proxy::upstream {

/// Which of how many workers this is: what is divided between them.
struct worker_share {
  std::size_t index = 0;
  std::size_t count = 1;

  /// This worker's part of a limit for all; at least 1, since a worker without any could not serve.
  [[nodiscard]] std::size_t of(std::size_t total) const noexcept;
};

/// All backends of one worker: keeps connections and what is known over reloads. Worker's thread only.
class fleet {
 public:
  fleet(net::event_loop& loop, tls::stream_resources& resources, tls::backend_context& tls,
        const pool_limits& limits, worker_share share) noexcept;

  /// The group for an upstream, which outlives it.
  [[nodiscard]] std::shared_ptr<group> assemble(const upstream& from);
  /// What the active checks found, for the present groups and those to come.
  void publish(health_snapshot health);
  /// Closes what has been idle too long; forgets what no group uses any more.
  void sweep();

 private:
  [[nodiscard]] std::shared_ptr<member> enlist(const upstream& from, const backend& to);
  void apply_health(member& to) const;

  net::event_loop& loop_;
  tls::stream_resources& resources_;
  tls::backend_context& tls_;
  const pool_limits& limits_;
  worker_share share_;
  health_snapshot health_;
  std::unordered_map<std::string, std::shared_ptr<member>> members_;
  std::unordered_map<std::string, std::shared_ptr<group_state>> states_;  ///< by the upstream's name
};

}  // namespace cardea::proxy::upstream
