#pragma once

#include "base/certificate_source.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::autocert {

/// Who claims names: decides between several who claim the same.
struct claimant {
  std::uint32_t rank = 0;  ///< the lowest comes first: main, the extras in order, the folders
  std::string label;       ///< for the log, and in alphabetical order among those of one rank
};
using claimant_ptr = std::shared_ptr<const claimant>;

/// One certificate for one name.
struct name_claim {
  std::string_view name;  ///< normalised; a wildcard without its `*`: ".example.com"
  claimant_ptr by;
  base::certificate_ptr certificate;
};

/// Names -> certificates in the order in which they answer; immutable.
///
/// Some hundreds of names lie together in a shard, which shares nothing with the
/// others: `with` builds those anew that a change touches and shares the rest,
/// so that one certificate among a hundred thousand is replaced in a fraction of a millisecond.
/// A look-up is one step to the shard and one probe in it: no allocation, no lock. It touches the same number of
/// cache lines whatever the size, of which two, the slot's and the name's, are not the same for all names; for a
/// name that nobody claims it is the slot's alone.
class name_table {
 public:
  /// The claims of `gone` (name and claimant decide) leave, `fresh` are added. Views may end after the call.
  [[nodiscard]] name_table with(std::span<const name_claim> gone, std::span<const name_claim> fresh) const;

  /// Those who claim this normalised name, empty when nobody does.
  [[nodiscard]] std::span<const base::certificate_ptr> find(std::string_view name) const noexcept;
  /// The same in the same order: who they are.
  [[nodiscard]] std::span<const claimant_ptr> claimants(std::string_view name) const noexcept;

  /// How many names there are.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  class shard;
  struct keyed_claim;
  using shard_ptr = std::shared_ptr<const shard>;

  [[nodiscard]] const shard* shard_of(std::uint64_t hash) const noexcept;
  void build(std::vector<keyed_claim> claims);

  std::vector<shard_ptr> shards_;  ///< a power of two, or none; null where there is no name
  std::size_t size_ = 0;
};

}  // namespace cardea::autocert
