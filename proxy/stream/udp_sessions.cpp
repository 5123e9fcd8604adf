#include "proxy/stream/udp_sessions.hpp"

#include "proxy/stream/keyed_hash.hpp"

#include <algorithm>
#include <cstring>

namespace cardea::proxy::stream {
namespace {

// A session that moved more recently than this is not ended for another source's sake.
constexpr base::tick_ms protected_ms = 1'000;
constexpr base::tick_ms draining_idle_timeout = 1'000;

}  // namespace

void session_order::append(udp_session& newest) noexcept {
  udp_session::link& own = newest.links[links_];
  own = {newest_, nullptr};
  (newest_ != nullptr ? newest_->links[links_].newer : oldest_) = &newest;
  newest_ = &newest;
  ++size_;
}

void session_order::remove(udp_session& gone) noexcept {
  udp_session::link& own = gone.links[links_];
  (own.older != nullptr ? own.older->links[links_].newer : oldest_) = own.newer;
  (own.newer != nullptr ? own.newer->links[links_].older : newest_) = own.older;
  own = {};
  --size_;
}

void session_order::renew(udp_session& moved) noexcept {
  if (newest_ == &moved) return;
  remove(moved);
  append(moved);
}

std::size_t udp_sessions::ip_hash::operator()(const ip& value) const noexcept {
  std::array<std::uint64_t, 2> halves{};
  std::memcpy(halves.data(), value.data(), value.size());
  return static_cast<std::size_t>(mixed(mixed(seed ^ halves[0]) ^ halves[1]));
}

udp_sessions::udp_sessions(net::event_loop& loop, const udp_limits& limits, worker_counters& counters)
    : loop_(loop),
      limits_(limits),
      counters_(counters),
      due_(loop),
      idle_timeout_(limits.idle_timeout),
      by_source_(0, ip_hash{random_seed()}) {}

udp_sessions::ip udp_sessions::ip_of(const base::address& from) noexcept {
  ip out{};
  if (from.family() == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, from.data(), sizeof v6);
    std::memcpy(out.data(), &v6.sin6_addr, out.size());
  } else {
    sockaddr_in v4{};
    std::memcpy(&v4, from.data(), sizeof v4);
    std::memcpy(out.data(), &v4.sin_addr, sizeof v4.sin_addr);
  }
  return out;
}

bool udp_sessions::admit(const base::address& client) noexcept {
  const auto source = by_source_.find(ip_of(client));
  if (source != by_source_.end() && source->second.size() >= limits_.sessions_per_source_max) {
    udp_session& own = *source->second.oldest();
    own.owner.end(own);
  }
  if (all_.size() < limits_.sessions_max) return true;
  if (loop_.now() - all_.oldest()->last_moved < protected_ms) return false;
  return make_room();
}

bool udp_sessions::make_room() noexcept {
  udp_session* const oldest = all_.oldest();
  if (oldest == nullptr) return false;
  oldest->owner.end(*oldest);
  return true;
}

void udp_sessions::add(udp_session& fresh) {
  fresh.source = &by_source_.try_emplace(ip_of(fresh.flow.client), session_order::of_source).first->second;
  fresh.last_moved = loop_.now();
  fresh.source->append(fresh);
  all_.append(fresh);
  proxy::add(counters_.udp_sessions_open, 1);
  proxy::add(counters_.udp_sessions_total, 1);
  if (all_.size() == 1) due_.signal();
}

void udp_sessions::touch(udp_session& moved) noexcept {
  moved.last_moved = loop_.now();
  all_.renew(moved);
  moved.source->renew(moved);
}

void udp_sessions::remove(udp_session& gone) noexcept {
  all_.remove(gone);
  gone.source->remove(gone);
  proxy::add(counters_.udp_sessions_open, -1);
  if (gone.source->size() == 0) by_source_.erase(ip_of(gone.flow.client));
}

net::task<void> udp_sessions::expire() {
  while (true) {
    base::tick_ms next = base::no_deadline;
    while (udp_session* const oldest = all_.oldest()) {
      if (oldest->last_moved + idle_timeout_ > loop_.now()) {
        next = oldest->last_moved + idle_timeout_;
        break;
      }
      oldest->owner.end(*oldest);
    }
    const net::wake woken = co_await due_.wait(next);
    if (woken == net::wake::stopping) co_return;
  }
}

void udp_sessions::drain() noexcept {
  idle_timeout_ = std::min(idle_timeout_, draining_idle_timeout);
  due_.signal();
}

}  // namespace cardea::proxy::stream
