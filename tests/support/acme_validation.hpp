#pragma once

#include "base/pending_challenges.hpp"

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace cardea::test_support {

/// The TXT records that a CA sees: (name, value).
using txt_records = std::multiset<std::pair<std::string, std::string>>;

/// What a CA has before it when it validates a name, at one moment.
struct validation {
  std::string type;
  std::string domain;  ///< or an IP address
  bool wildcard = false;
  std::string token;
  std::string thumbprint;
  std::string account_url;
  std::vector<std::string> issuers;  ///< names of the CA in dns-persist-01 records
  std::string hash_prefix;           ///< of accounts there; empty: they stand as they are
};

/// Whether the name is proven, as each type's specification has a CA look; it
/// shares no code with the solvers but the look-up of the listeners.
[[nodiscard]] bool is_proven(const validation& what, const txt_records& zone,
                             const base::challenge_snapshot& listeners);

}  // namespace cardea::test_support
