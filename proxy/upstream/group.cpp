#include "proxy/upstream/group.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "proxy/http/cookie.hpp"
#include "proxy/upstream/hash.hpp"
#include "proxy/upstream/real_client.hpp"

#include <algorithm>

namespace cardea::proxy::upstream {
namespace {

using http::failure;
using http::failure_kind;
using http::side;

constexpr failure none_up{failure_kind::no_backend, side::backend, 0, "no backend of the route is up"};
constexpr failure unresolved{failure_kind::no_backend, side::backend, 0, "the backend's name does not resolve"};
constexpr failure line_full{failure_kind::overloaded, side::internal, 0, "too many requests wait for a backend"};
constexpr failure no_room{failure_kind::overloaded, side::internal, 0, "no backend had room in time"};
constexpr failure gone{failure_kind::client_gone, side::client, 0, "the client went away"};

std::vector<std::uint64_t> identities_of(const upstream& from) {
  std::vector<std::uint64_t> out;
  for (const backend& each : from.backends) out.push_back(hash_of(each.name()));
  return out;
}

std::string_view field_of(const http::exchange& request, std::string_view name) noexcept {
  for (const http::field& line : request.head().fields)
    if (base::equal_ignoring_case(http::name_of(line, request.bytes()), name))
      return http::value_of(line, request.bytes());
  return {};
}

}  // namespace

bool way::has_tried(std::size_t index) const noexcept {
  return std::find(tried.begin(), tried.begin() + tried_count, index) != tried.begin() + tried_count;
}

group::group(const upstream& of, std::vector<std::shared_ptr<member>> members, std::shared_ptr<group_state> state,
             net::event_loop& loop, std::uint64_t seed)
    : of_(of),
      members_(std::move(members)),
      state_(std::move(state)),
      loop_(loop),
      balancer_(of.balance.mode, identities_of(of), seed),
      candidates_(members_.size()) {}

way group::begin(const http::exchange& request) noexcept {
  way out;
  state_->budget.earn();
  if (members_.size() == 1) return out;
  if (balancer_.by_key()) out.key = key_of(request);
  if (of_.sticky_cookie.empty()) return out;
  const std::string_view token = http::cookie_of(request.head().fields, request.bytes(), of_.sticky_cookie);
  for (std::size_t i = 0; i < members_.size() && !token.empty(); ++i)
    if (of_.backends[i].sticky_token == token) out.sticky = i;
  return out;
}

// Without what should be hashed, the client decides: all of those at one backend would be no balance.
std::uint64_t group::key_of(const http::exchange& request) const noexcept {
  std::string_view text;
  const std::string_view path = request.head().path.in(request.bytes());
  if (of_.balance.mode == config::balance_mode::hash) {
    switch (of_.balance.hash_on) {
      case config::hash_source::client: break;
      case config::hash_source::header: text = field_of(request, of_.balance.hash_name); break;
      case config::hash_source::cookie:
        text = http::cookie_of(request.head().fields, request.bytes(), of_.balance.hash_name);
        break;
      case config::hash_source::path: text = path.substr(0, path.find('?')); break;
    }
  }
  if (!text.empty()) return hash_of(text);
  return hash_of(real_client(request.client().address, request.head().fields, request.bytes(), of_.balance.real_ip));
}

choice group::choose(const way& so_far) noexcept {
  // Who comes now does not overtake those who wait.
  if (state_->line.busy()) {
    choice out;
    out.full = true;
    return out;
  }
  return choose_now(so_far);
}

choice group::nobody() const noexcept {
  choice out;
  out.failed = std::any_of(members_.begin(), members_.end(), [](const auto& each) { return each->resolved(); })
                   ? none_up
                   : unresolved;
  return out;
}

choice group::choose_now(const way& so_far) noexcept {
  choice out;
  if (members_.size() == 1) {
    if (so_far.began() || !members_[0]->resolved()) return nobody();
    out.index = 0;
    out.full = !members_[0]->has_room();
  } else {
    const std::size_t able = weigh(so_far);
    if (able == 0) return nobody();
    if (so_far.sticky != balancer::none && candidates_[so_far.sticky].weight != 0)
      out.index = so_far.sticky;
    else
      out.index = balancer_.choose(candidates_, so_far.key);
    out.full = out.index == balancer::none;
  }
  if (!out.full) out.who = members_[out.index].get();
  return out;
}

// What can serve and has room gets its weight; says how many could serve, room or not.
std::size_t group::weigh(const way& so_far) noexcept {
  const bool panic = in_panic(loop_.now());
  // A request that has met one bad backend is not sent to another one while there is a good one.
  if (panic && so_far.began())
    if (const std::size_t able = weigh(so_far, false); able > 0) return able;
  return weigh(so_far, panic);
}

std::size_t group::weigh(const way& so_far, bool panic) noexcept {
  const base::tick_ms now = loop_.now();
  const bool steady = balancer_.by_key();
  std::size_t able = 0;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const member& each = *members_[i];
    candidates_[i] = {};
    if (so_far.has_tried(i) || !can_serve(i, panic, now)) continue;
    ++able;
    if (!each.has_room()) continue;
    // In hundredths, so that a small share of a small weight is not nothing.
    const std::uint32_t share = steady ? 100 : each.conduct.share(now);
    candidates_[i] = {of_.backends[i].weight * share, static_cast<std::uint32_t>(each.active)};
  }
  return able;
}

bool group::can_serve(std::size_t index, bool panic, base::tick_ms now) const noexcept {
  const member& each = *members_[index];
  return each.resolved() && each.conduct.up() && (panic || each.conduct.trusted(now));
}

// With too few left, the rest would be overrun by the load of all: those put aside serve too (U10). The word of
// the active checks stands.
bool group::in_panic(base::tick_ms now) const noexcept {
  std::size_t up = 0;
  std::size_t trusted = 0;
  for (const auto& each : members_) {
    if (!each->resolved() || !each->conduct.up()) continue;
    ++up;
    if (each->conduct.trusted(now)) ++trusted;
  }
  return trusted == 0 || trusted * 100 < up * of_.balance.panic_threshold;
}

net::task<choice> group::wait_for_room(http::exchange& request, const way& so_far, base::tick_ms until) {
  waiting_line& line = state_->line;
  choice out;
  if (line.size() >= of_.pending_max) {
    out.failed = line_full;
    co_return out;
  }
  waiting_line::place here(request.waiter());
  const base::tick_ms deadline = std::min(until, loop_.now() + of_.pending_timeout);
  for (bool again = false;; again = true) {
    line.join(here, again);
    while (!here.called()) {
      const net::wake woken = co_await request.waiter().wait(deadline);
      if (here.called() || (woken == net::wake::ready && !request.client_gone())) continue;
      line.leave(here);
      out.failed = request.client_gone() ? gone : no_room;
      co_return out;
    }
    line.leave(here);
    out = choose_now(so_far);
    if (!out.full) break;
  }
  // Nobody serves: those behind must not wait for nothing.
  if (out.who == nullptr) line.call_next();
  co_return out;
}

void group::settle_line(bool room_is_left) noexcept {
  if (room_is_left && state_->line.size() > 0) state_->line.call_next();
}

bool group::may_go_on(way& so_far, std::size_t failed) noexcept {
  if (so_far.tried_count < way::tried_max) so_far.tried[so_far.tried_count++] = failed;
  if (so_far.tried_count > of_.balance.retries || members_.size() == 1) return false;
  if (weigh(so_far) == 0) return false;
  return state_->budget.spend();
}

std::string_view group::set_cookie(const way& so_far, std::size_t index, bool secure) const noexcept {
  if (of_.sticky_cookie.empty() || so_far.sticky == index) return {};
  return secure ? of_.backends[index].set_cookie : of_.backends[index].set_cookie_clear;
}

turn::turn(group& in, const choice& at) noexcept
    : in_(in), who_(*at.who), trial_(who_.conduct.begin(in.loop().now())) {
  ++who_.active;
  in_.settle_line(who_.has_room());
}

turn::~turn() {
  if (!settled_) who_.conduct.abandon(trial_);
  --who_.active;
  in_.settle_line(true);
}

void turn::succeed() noexcept {
  if (settled_) return;
  settled_ = true;
  if (!who_.conduct.succeed(trial_, in_.loop().now())) return;
  const base::logger log("upstream");
  log.info("backend serves again", {{"route", in_.of().name}, {"backend", who_.connections.to().name()}});
}

void turn::fail() noexcept {
  const base::tick_ms pause = who_.conduct.fail(trial_ && !settled_, in_.loop().now());
  settled_ = true;
  // A single one is asked all the same.
  if (pause == 0 || in_.of().backends.size() == 1) return;
  const base::logger log("upstream");
  log.warn("backend is put aside", {{"route", in_.of().name},
                                    {"backend", who_.connections.to().name()},
                                    {"milliseconds", pause}});
}

}  // namespace cardea::proxy::upstream
