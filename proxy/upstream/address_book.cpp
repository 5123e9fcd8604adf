#include "proxy/upstream/address_book.hpp"

#include <algorithm>

namespace cardea::proxy::upstream {
namespace {

constexpr std::chrono::milliseconds first_pause{1'000};
constexpr int doublings_max = 16;

// The same order for the same set: resolvers rotate, and a new order would be a new backend.
address_book::addresses in_turn(address_book::addresses found) {
  std::sort(found.begin(), found.end(),
            [](const auto& one, const auto& other) { return one.to_string() < other.to_string(); });
  found.erase(std::unique(found.begin(), found.end()), found.end());
  const auto six = std::stable_partition(found.begin(), found.end(),
                                         [](const auto& each) { return each.family() == AF_INET; });
  address_book::addresses out;
  auto four = found.begin();
  for (auto next_six = six; four != six || next_six != found.end();) {
    if (four != six) out.push_back(*four++);
    if (next_six != found.end()) out.push_back(*next_six++);
  }
  return out;
}

}  // namespace

bool address_book::due(const name& of, moment now) const {
  const auto at = entries_.find(of);
  return at == entries_.end() || now >= at->second.ask_at;
}

address_book::moment address_book::next_due(moment now) const {
  moment first = now + ttl_max_;
  for (const auto& [of, each] : entries_) first = std::min(first, each.ask_at);
  return first;
}

void address_book::learn(const name& of, addresses found, moment now) {
  if (found.empty()) return fail(of, now);
  entries_[of] = {in_turn(std::move(found)), now, now + ttl_max_, 0};
}

void address_book::fail(const name& of, moment now) {
  entry& known = entries_[of];
  const duration pause = first_pause * (1 << std::min(known.failures++, doublings_max));
  known.ask_at = now + std::min(ttl_max_, pause);
  if (!known.known.empty() && now - known.learned >= stale_max_) known.known.clear();
}

address_book::addresses address_book::find(const name& of) const {
  const auto at = entries_.find(of);
  return at == entries_.end() ? addresses{} : at->second.known;
}

bool address_book::stale(const name& of) const {
  const auto at = entries_.find(of);
  return at != entries_.end() && at->second.failures > 0 && !at->second.known.empty();
}

void address_book::retain(const std::set<name>& used) {
  std::erase_if(entries_, [&](const auto& each) { return !used.contains(each.first); });
}

}  // namespace cardea::proxy::upstream
