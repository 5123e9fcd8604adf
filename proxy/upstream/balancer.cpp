#include "proxy/upstream/balancer.hpp"

#include "proxy/upstream/hash.hpp"

#include <cmath>
#include <utility>

namespace cardea::proxy::upstream {
namespace {

using config::balance_mode;

// Whether one is less busy for its weight than the other.
bool less_busy(const candidate& one, const candidate& other) noexcept {
  return std::uint64_t{one.active} * other.weight < std::uint64_t{other.active} * one.weight;
}

// A number in (0, 1) of 53 bits.
double fraction(std::uint64_t bits) noexcept { return (static_cast<double>(bits >> 11U) + 0.5) * 0x1p-53; }

}  // namespace

balancer::balancer(balance_mode mode, std::vector<std::uint64_t> identities, std::uint64_t seed)
    : mode_(mode), identities_(std::move(identities)), credit_(identities_.size()), random_(mixed(seed) | 1U) {
  // Who is first, where all are equal.
  if (!credit_.empty()) credit_[seed % credit_.size()] = 1;
}

std::size_t balancer::choose(std::span<const candidate> among, std::uint64_t key) noexcept {
  switch (mode_) {
    case balance_mode::round_robin: return in_turn(among, [](const candidate&) { return true; });
    case balance_mode::least_conn: return least_busy(among);
    case balance_mode::power_of_two: return of_two(among);
    case balance_mode::ip_hash:
    case balance_mode::hash: return by_score(among, key);
  }
  return none;
}

// nginx's smooth weighted round robin: everybody earns its weight, the richest is chosen and pays for all.
template <class Allowed>
std::size_t balancer::in_turn(std::span<const candidate> among, Allowed allowed) noexcept {
  std::size_t best = none;
  std::int64_t total = 0;
  for (std::size_t i = 0; i < among.size(); ++i) {
    if (among[i].weight == 0 || !allowed(among[i])) continue;
    credit_[i] += among[i].weight;
    total += among[i].weight;
    if (best == none || credit_[i] > credit_[best]) best = i;
  }
  if (best != none) credit_[best] -= total;
  return best;
}

std::size_t balancer::least_busy(std::span<const candidate> among) noexcept {
  std::size_t best = none;
  for (std::size_t i = 0; i < among.size(); ++i)
    if (among[i].weight != 0 && (best == none || less_busy(among[i], among[best]))) best = i;
  if (best == none) return none;
  const candidate least = among[best];
  return in_turn(among, [&least](const candidate& each) { return !less_busy(least, each); });
}

std::size_t balancer::drawn(std::span<const candidate> among, std::uint64_t total, std::size_t but) noexcept {
  random_ ^= random_ << 13U;
  random_ ^= random_ >> 7U;
  random_ ^= random_ << 17U;
  std::uint64_t at = mixed(random_) % total;
  for (std::size_t i = 0; i < among.size(); ++i) {
    if (i == but) continue;
    if (at < among[i].weight) return i;
    at -= among[i].weight;
  }
  return none;
}

std::size_t balancer::of_two(std::span<const candidate> among) noexcept {
  std::uint64_t total = 0;
  for (const candidate& each : among) total += each.weight;
  if (total == 0) return none;
  const std::size_t one = drawn(among, total, none);
  const std::uint64_t rest = total - among[one].weight;
  if (rest == 0) return one;
  const std::size_t other = drawn(among, rest, one);
  return less_busy(among[other], among[one]) ? other : one;
}

std::size_t balancer::by_score(std::span<const candidate> among, std::uint64_t key) const noexcept {
  std::size_t best = none;
  double highest = 0;
  for (std::size_t i = 0; i < among.size(); ++i) {
    if (among[i].weight == 0) continue;
    const double score = -static_cast<double>(among[i].weight) / std::log(fraction(mixed(key ^ identities_[i])));
    if (best != none && score <= highest) continue;
    best = i;
    highest = score;
  }
  return best;
}

}  // namespace cardea::proxy::upstream
