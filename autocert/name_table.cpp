#include "autocert/name_table.hpp"

#include "base/certificate.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <tuple>
#include <utility>

namespace cardea::autocert {
namespace {

// Few shards, so that their heads stay in the processor's cache whatever is asked for: a look-up then misses it
// for a slot and for a name, and no more. Not too few: a change makes a whole shard anew.
constexpr std::size_t names_per_shard = 512;
// Beyond this mean the shards are split: a look-up stays flat and a change small.
constexpr std::size_t names_per_shard_max = 2 * names_per_shard;

// Eight bytes at a step: names are as long as a cache line, and a multiplication takes as long as a byte's would.
// Each step can be undone, so that names of one length which differ in eight bytes never meet.
std::uint64_t hash_of(std::string_view name) noexcept {
  constexpr std::uint64_t odd = 0x9E3779B97F4A7C15ULL;
  std::uint64_t hash = name.size() * odd;
  const auto add = [&hash](std::uint64_t bytes) {
    hash = (hash ^ bytes) * odd;
    hash ^= hash >> 32U;
  };
  while (name.size() >= sizeof(std::uint64_t)) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, name.data(), sizeof bytes);
    add(bytes);
    name.remove_prefix(sizeof bytes);
  }
  std::uint64_t rest = 0;
  std::memcpy(&rest, name.data(), name.size());
  add(rest);
  // The lower half picks the shard, the upper one the slot: both have to depend on every byte.
  hash *= 0xD6E8FEB86659FD93ULL;
  return hash ^ hash >> 29U;
}

// Of one claimant's rank those with ECDSA come first: cheaper for both sides, and every client that can use
// them does. Others answer those that cannot.
auto order_of(const claimant& by, const base::certificate& certificate) {
  return std::tuple(by.rank, !base::is_ecdsa(certificate.kind()), std::string_view(by.label));
}

bool answers_before(const name_claim& a, const name_claim& b) {
  return order_of(*a.by, *a.certificate) < order_of(*b.by, *b.certificate);
}

}  // namespace

struct name_table::keyed_claim {
  std::uint64_t hash;
  name_claim claim;
};

/// Open addressing with linear probing, at most half full. A slot is eight bytes, so that a probe stays within a
/// cache line; what it leads to, how many claim the name and the name itself, lies together.
class name_table::shard {
 public:
  /// REQUIRES: those of one name lie together, in their order.
  explicit shard(std::span<const keyed_claim> claims) {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < claims.size(); ++i) {
      if (i > 0 && claims[i].claim.name == claims[i - 1].claim.name) continue;
      bytes += sizeof(head) + claims[i].claim.name.size();
      ++size_;
    }
    slots_.resize(std::bit_ceil(size_ * 2));
    names_.reserve(bytes);
    certificates_.reserve(claims.size());
    claimants_.reserve(claims.size());
    for (std::size_t i = 0; i < claims.size();) {
      const std::string_view name = claims[i].claim.name;
      head next{static_cast<std::uint32_t>(certificates_.size()), 0, static_cast<std::uint32_t>(name.size())};
      slots_[free_slot(claims[i].hash)] = {upper_half(claims[i].hash), static_cast<std::uint32_t>(names_.size() + 1)};
      for (; i < claims.size() && claims[i].claim.name == name; ++i, ++next.count) {
        certificates_.push_back(claims[i].claim.certificate);
        claimants_.push_back(claims[i].claim.by);
      }
      names_.append(reinterpret_cast<const char*>(&next), sizeof next).append(name);
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  [[nodiscard]] std::span<const base::certificate_ptr> find(std::string_view name,
                                                            std::uint64_t hash) const noexcept {
    const head found = probe(name, hash);
    return std::span(certificates_).subspan(found.first, found.count);
  }

  [[nodiscard]] std::span<const claimant_ptr> claimants(std::string_view name,
                                                        std::uint64_t hash) const noexcept {
    const head found = probe(name, hash);
    return std::span(claimants_).subspan(found.first, found.count);
  }

  void append_to(std::vector<keyed_claim>& out) const {
    for (const slot& each : slots_) {
      if (each.at == 0) continue;
      const head about = head_at(each);
      const std::string_view name = name_at(each, about);
      const std::uint64_t hash = hash_of(name);
      for (std::uint32_t i = about.first; i < about.first + about.count; ++i)
        out.push_back({hash, {name, claimants_[i], certificates_[i]}});
    }
  }

 private:
  struct slot {
    std::uint32_t hash = 0;  // its upper half
    std::uint32_t at = 0;    // of a head in names_, counted from 1; 0 = free
  };
  // Before each name in names_, at any address.
  struct head {
    std::uint32_t first = 0;
    std::uint32_t count = 0;  // 0 = nobody claims it
    std::uint32_t length = 0;
  };

  static std::uint32_t upper_half(std::uint64_t hash) noexcept { return static_cast<std::uint32_t>(hash >> 32U); }

  [[nodiscard]] head head_at(const slot& of) const noexcept {
    head out;
    std::memcpy(&out, names_.data() + of.at - 1, sizeof out);
    return out;
  }
  [[nodiscard]] std::string_view name_at(const slot& of, const head& about) const noexcept {
    return {names_.data() + of.at - 1 + sizeof about, about.length};
  }

  [[nodiscard]] std::size_t free_slot(std::uint64_t hash) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = upper_half(hash) & mask;
    while (slots_[at].at != 0) at = (at + 1) & mask;
    return at;
  }

  [[nodiscard]] head probe(std::string_view name, std::uint64_t hash) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    const std::uint32_t upper = upper_half(hash);
    for (std::size_t at = upper & mask;; at = (at + 1) & mask) {
      const slot& each = slots_[at];
      if (each.at == 0) return {};
      if (each.hash != upper) continue;
      const head found = head_at(each);
      if (name_at(each, found) == name) return found;
    }
  }

  std::vector<slot> slots_;
  std::string names_;
  std::vector<base::certificate_ptr> certificates_;
  std::vector<claimant_ptr> claimants_;
  std::size_t size_ = 0;
};

const name_table::shard* name_table::shard_of(std::uint64_t hash) const noexcept {
  return shards_.empty() ? nullptr : shards_[hash & (shards_.size() - 1)].get();
}

std::span<const base::certificate_ptr> name_table::find(std::string_view name) const noexcept {
  const std::uint64_t hash = hash_of(name);
  const shard* const in = shard_of(hash);
  if (in == nullptr) return {};
  return in->find(name, hash);
}

std::span<const claimant_ptr> name_table::claimants(std::string_view name) const noexcept {
  const std::uint64_t hash = hash_of(name);
  const shard* const in = shard_of(hash);
  if (in == nullptr) return {};
  return in->claimants(name, hash);
}

// Replaces the shards that these claims belong to by shards of exactly these claims.
void name_table::build(std::vector<keyed_claim> claims) {
  if (shards_.empty()) shards_.resize(std::bit_ceil(claims.size() / names_per_shard + 1));
  const std::size_t mask = shards_.size() - 1;
  std::sort(claims.begin(), claims.end(), [mask](const keyed_claim& a, const keyed_claim& b) {
    if ((a.hash & mask) != (b.hash & mask)) return (a.hash & mask) < (b.hash & mask);
    if (a.hash != b.hash) return a.hash < b.hash;
    if (a.claim.name != b.claim.name) return a.claim.name < b.claim.name;
    return answers_before(a.claim, b.claim);
  });
  for (auto begin = claims.begin(); begin != claims.end();) {
    const std::size_t at = begin->hash & mask;
    const auto end =
        std::find_if(begin, claims.end(), [&](const keyed_claim& each) { return (each.hash & mask) != at; });
    shards_[at] = std::make_shared<const shard>(std::span<const keyed_claim>(begin, end));
    size_ += shards_[at]->size();
    begin = end;
  }
}

name_table name_table::with(std::span<const name_claim> gone, std::span<const name_claim> fresh) const {
  const bool grows = shards_.empty() || size_ + fresh.size() > shards_.size() * names_per_shard_max;
  name_table out;
  std::vector<keyed_claim> claims;
  if (grows) {
    for (const shard_ptr& each : shards_)
      if (each) each->append_to(claims);
  } else {
    out = *this;
    for (const auto claims_of : {gone, fresh}) {
      for (const name_claim& each : claims_of) {
        // The old shard lives as long as this table does, and the views into it.
        const shard_ptr old = std::exchange(out.shards_[hash_of(each.name) & (shards_.size() - 1)], nullptr);
        if (!old) continue;
        out.size_ -= old->size();
        old->append_to(claims);
      }
    }
  }
  std::multimap<std::string_view, const claimant*> leaving;
  for (const name_claim& each : gone) leaving.emplace(each.name, each.by.get());
  std::erase_if(claims, [&](const keyed_claim& each) {
    const auto [begin, end] = leaving.equal_range(each.claim.name);
    return std::any_of(begin, end, [&](const auto& one) { return one.second == each.claim.by.get(); });
  });
  for (const name_claim& each : fresh) claims.push_back({hash_of(each.name), each});
  out.build(std::move(claims));
  return out;
}

}  // namespace cardea::autocert
