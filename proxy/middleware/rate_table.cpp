#include "proxy/middleware/rate_table.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <random>

namespace cardea::proxy::middleware {
namespace {

constexpr std::size_t ways = 8;

std::uint64_t random_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32U | device();
}

// A bijection, so that two clients never share a bucket by chance.
std::uint64_t mixed(std::uint64_t x) noexcept {
  x ^= x >> 30U;
  x *= 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 27U;
  x *= 0x94d049bb133111ebULL;
  return x ^ x >> 31U;
}

}  // namespace

rate_table::rate_table(std::size_t average, std::size_t burst, nanoseconds period, std::size_t clients_max)
    : mask_(std::bit_ceil(std::max(clients_max, ways)) - 1),
      each_(std::max<std::int64_t>(1, period.count() / static_cast<std::int64_t>(average))),
      patience_(each_ * static_cast<std::int64_t>(burst - 1)),
      seed_(random_seed()),
      places_(std::make_unique<place[]>(mask_ + 1)) {}

std::uint64_t rate_table::client_of(const base::address& from) noexcept {
  std::array<unsigned char, 16> bytes{};
  if (from.family() == AF_INET) {
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in*>(from.data())->sin_addr, 4);
    bytes[7] = 4;  // no /64 that is routed begins so
  } else if (from.family() == AF_INET6) {
    const auto* const six = &reinterpret_cast<const sockaddr_in6*>(from.data())->sin6_addr;
    std::memcpy(bytes.data(), six, 8);
    if (IN6_IS_ADDR_V4MAPPED(six)) {
      std::memcpy(bytes.data(), six->s6_addr + 12, 4);
      bytes[4] = bytes[5] = bytes[6] = 0;
      bytes[7] = 4;
    }
  }
  std::uint64_t out = 0;
  std::memcpy(&out, bytes.data(), sizeof out);
  return out;
}

rate_table::place& rate_table::place_of(std::uint64_t client, std::int64_t now) noexcept {
  // 0 is a place that nobody has; ff..ff is no network of clients.
  const std::uint64_t key = client != 0 ? client : ~std::uint64_t{0};
  place* const set = &places_[mixed(key ^ seed_) & mask_ & ~(ways - 1)];
  place* soonest = set;
  for (place* each = set; each != set + ways; ++each) {
    if (each->client.load(std::memory_order_relaxed) == key) return *each;
    if (each->full_at.load(std::memory_order_relaxed) < soonest->full_at.load(std::memory_order_relaxed)) soonest = each;
  }
  soonest->client.store(key, std::memory_order_relaxed);
  soonest->full_at.store(now, std::memory_order_relaxed);
  return *soonest;
}

rate_table::nanoseconds rate_table::take(std::uint64_t client, nanoseconds at) noexcept {
  const std::int64_t now = at.count();
  place& bucket = place_of(client, now);
  std::int64_t full_at = bucket.full_at.load(std::memory_order_relaxed);
  while (true) {
    const std::int64_t from = std::max(full_at, now);
    if (from - now > patience_) return nanoseconds(from - now - patience_);
    if (bucket.full_at.compare_exchange_weak(full_at, from + each_, std::memory_order_relaxed)) return nanoseconds(0);
  }
}

}  // namespace cardea::proxy::middleware
