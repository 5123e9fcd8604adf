#include "proxy/upstream/fleet.hpp"

#include "proxy/upstream/hash.hpp"

#include <algorithm>

namespace cardea::proxy::upstream {

std::size_t worker_share::of(std::size_t total) const noexcept {
  return std::max<std::size_t>(1, total / count + (index < total % count ? 1 : 0));
}

fleet::fleet(net::event_loop& loop, tls::stream_resources& resources, tls::backend_context& tls,
             const pool_limits& limits, worker_share share) noexcept
    : loop_(loop), resources_(resources), tls_(tls), limits_(limits), share_(share) {}

std::shared_ptr<group> fleet::assemble(const upstream& from) {
  std::vector<std::shared_ptr<member>> members;
  for (const backend& each : from.backends) members.push_back(enlist(from, each));
  auto& state = states_[from.name];
  if (!state) state = std::make_shared<group_state>(from.balance.retry_budget);
  state->budget.follow(from.balance.retry_budget);
  // Workers must not all begin with the same backend.
  return std::make_shared<group>(from, std::move(members), state, loop_, hash_of(from.name) + share_.index);
}

// Connections are not shared between upstreams: each has limits and a record of its own.
std::shared_ptr<member> fleet::enlist(const upstream& from, const backend& to) {
  auto& found = members_[from.name + '|' + to.pool_key()];
  if (!found) {
    found = std::make_shared<member>(loop_, resources_, tls_, limits_, to, from.balance);
    found->health_key = from.health_key(to);
    apply_health(*found);
  }
  found->conduct.follow(from.balance);
  found->active_max = to.connections_max == 0 ? static_cast<std::size_t>(-1) : share_.of(to.connections_max);
  return found;
}

void fleet::apply_health(member& to) const {
  to.conduct.set_up(!health_ || !health_->down.contains(to.health_key), loop_.now());
}

void fleet::publish(health_snapshot health) {
  health_ = std::move(health);
  for (const auto& [key, each] : members_) apply_health(*each);
  for (const auto& [name, state] : states_) state->line.call_next();
}

void fleet::sweep() {
  std::erase_if(members_, [](const auto& each) {
    return each.second->connections.sweep() && each.second.use_count() == 1;
  });
  std::erase_if(states_, [](const auto& each) { return each.second.use_count() == 1; });
}

}  // namespace cardea::proxy::upstream
