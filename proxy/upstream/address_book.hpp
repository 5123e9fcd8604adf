#pragma once

#include "base/address.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace cardea::proxy::upstream {

/// What the names of backends resolved to, and when to ask again (L13). Pure; control thread.
///
/// An answer is used for `ttl_max`, because the system's resolver does not say for how long it holds. A name that
/// fails keeps its last addresses for `stale_max`: a name server that is down takes no site with it. It is asked
/// again after a second, then after twice as long each time, up to `ttl_max`.
class address_book {
 public:
  using moment = std::chrono::steady_clock::time_point;
  using duration = std::chrono::milliseconds;
  using name = std::pair<std::string, std::uint16_t>;  ///< host and port
  using addresses = std::vector<base::address>;

  explicit address_book(duration ttl_max = std::chrono::seconds(30),
                        duration stale_max = std::chrono::hours(24)) noexcept
      : ttl_max_(ttl_max), stale_max_(stale_max) {}

  /// Whether nobody knows it, or what is known is old.
  [[nodiscard]] bool due(const name& of, moment now) const;
  /// When the first of all names is due again; `now` + ttl_max without any.
  [[nodiscard]] moment next_due(moment now) const;

  /// An answer, in the resolver's order; an empty one is a failure.
  void learn(const name& of, addresses found, moment now);
  void fail(const name& of, moment now);

  /// The addresses to try, families taking turns (RFC 8305 section 4) and IPv4 first, because what stands behind a
  /// home router rarely listens on IPv6 alone. Empty when none is known.
  [[nodiscard]] addresses find(const name& of) const;
  /// The last question failed, and what is known is from before.
  [[nodiscard]] bool stale(const name& of) const;

  /// Forgets all other names.
  void retain(const std::set<name>& used);

 private:
  struct entry {
    addresses known;
    moment learned{};
    moment ask_at{};
    int failures = 0;  ///< in a row
  };
  std::map<name, entry> entries_;
  duration ttl_max_;
  duration stale_max_;
};

}  // namespace cardea::proxy::upstream
