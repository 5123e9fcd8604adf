#include "autocert/name_table.hpp"

#include "base/certificate.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <tuple>

namespace cardea::autocert {
namespace {

constexpr std::size_t names_per_shard = 32;
// Beyond this mean the shards are split: a look-up stays flat and a change small.
constexpr std::size_t names_per_shard_max = 2 * names_per_shard;

std::uint64_t hash_of(std::string_view name) noexcept {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  // The lower half picks the shard, the upper one the slot: both have to depend on every byte.
  hash ^= hash >> 32U;
  hash *= 0x9E3779B97F4A7C15ULL;
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

/// Open addressing with linear probing, at most half full. All names lie in one string.
class name_table::shard {
 public:
  /// REQUIRES: sorted by name, those of one name in their order.
  explicit shard(std::span<const name_claim> claims) {
    std::size_t bytes = 0;
    std::size_t count = 0;
    for (std::size_t i = 0; i < claims.size(); ++i) {
      if (i > 0 && claims[i].name == claims[i - 1].name) continue;
      bytes += claims[i].name.size();
      ++count;
    }
    slots_.resize(std::bit_ceil(count * 2));
    names_.reserve(bytes);
    certificates_.reserve(claims.size());
    claimants_.reserve(claims.size());
    slot* last = nullptr;
    for (const name_claim& each : claims) {
      if (last == nullptr || name_of(*last) != each.name) {
        last = &slots_[probe(each.name, hash_of(each.name))];
        *last = {static_cast<std::uint32_t>(hash_of(each.name) >> 32U),
                 static_cast<std::uint32_t>(names_.size()), static_cast<std::uint32_t>(certificates_.size()),
                 static_cast<std::uint32_t>(each.name.size()), 0};
        names_ += each.name;
      }
      ++last->count;
      certificates_.push_back(each.certificate);
      claimants_.push_back(each.by);
    }
    size_ = count;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  [[nodiscard]] std::span<const base::certificate_ptr> find(std::string_view name,
                                                            std::uint64_t hash) const noexcept {
    const slot& found = slots_[probe(name, hash)];
    return std::span(certificates_).subspan(found.first, found.count);
  }

  [[nodiscard]] std::span<const claimant_ptr> claimants(std::string_view name,
                                                        std::uint64_t hash) const noexcept {
    const slot& found = slots_[probe(name, hash)];
    return std::span(claimants_).subspan(found.first, found.count);
  }

  void append_to(std::vector<name_claim>& out) const {
    for (const slot& each : slots_)
      for (std::uint32_t i = each.first; i < each.first + each.count; ++i)
        out.push_back({name_of(each), claimants_[i], certificates_[i]});
  }

 private:
  struct slot {
    std::uint32_t hash = 0;
    std::uint32_t name_at = 0;
    std::uint32_t first = 0;
    std::uint32_t length = 0;
    std::uint32_t count = 0;  // 0 = free
  };

  [[nodiscard]] std::string_view name_of(const slot& at) const noexcept {
    return std::string_view(names_).substr(at.name_at, at.length);
  }

  [[nodiscard]] std::size_t probe(std::string_view name, std::uint64_t hash) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    const auto upper = static_cast<std::uint32_t>(hash >> 32U);
    std::size_t at = upper & mask;
    while (slots_[at].count != 0 && (slots_[at].hash != upper || name_of(slots_[at]) != name))
      at = (at + 1) & mask;
    return at;
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
void name_table::build(std::vector<name_claim> claims, std::size_t name_count) {
  if (shards_.empty()) shards_.resize(std::bit_ceil(name_count / names_per_shard + 1));
  const std::size_t mask = shards_.size() - 1;
  std::stable_sort(claims.begin(), claims.end(), [mask](const name_claim& a, const name_claim& b) {
    const std::size_t shard_a = hash_of(a.name) & mask;
    const std::size_t shard_b = hash_of(b.name) & mask;
    if (shard_a != shard_b) return shard_a < shard_b;
    if (a.name != b.name) return a.name < b.name;
    return answers_before(a, b);
  });
  for (auto begin = claims.begin(); begin != claims.end();) {
    const std::size_t at = hash_of(begin->name) & mask;
    const auto end = std::find_if(begin, claims.end(),
                                  [&](const name_claim& each) { return (hash_of(each.name) & mask) != at; });
    if (shards_[at]) size_ -= shards_[at]->size();
    shards_[at] = std::make_shared<const shard>(std::span<const name_claim>(begin, end));
    size_ += shards_[at]->size();
    begin = end;
  }
}

name_table name_table::with(std::span<const name_claim> gone, std::span<const name_claim> fresh) const {
  std::vector<name_claim> claims;
  const bool grows = shards_.empty() || size_ + fresh.size() > shards_.size() * names_per_shard_max;
  name_table out;
  if (!grows) out = *this;
  std::vector<std::size_t> touched;
  if (grows) {
    for (std::size_t i = 0; i < shards_.size(); ++i) touched.push_back(i);
  } else {
    for (const auto claims_of : {gone, fresh})
      for (const name_claim& each : claims_of) touched.push_back(hash_of(each.name) & (shards_.size() - 1));
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  }
  for (const std::size_t at : touched)
    if (shards_[at]) shards_[at]->append_to(claims);

  std::multimap<std::string_view, const claimant*> leaving;
  for (const name_claim& each : gone) leaving.emplace(each.name, each.by.get());
  std::erase_if(claims, [&](const name_claim& each) {
    const auto [begin, end] = leaving.equal_range(each.name);
    return std::any_of(begin, end, [&](const auto& one) { return one.second == each.by.get(); });
  });
  for (const name_claim& each : fresh) claims.push_back(each);
  if (!grows)
    for (const std::size_t at : touched) {
      if (out.shards_[at]) out.size_ -= out.shards_[at]->size();
      out.shards_[at].reset();
    }
  // The old shards live as long as this table does, and the views into them.
  const std::size_t name_count = claims.size();
  out.build(std::move(claims), name_count);
  return out;
}

}  // namespace cardea::autocert
