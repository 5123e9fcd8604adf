#pragma once

#include <memory>
#include <string>
#include <unordered_set>

namespace cardea::proxy::upstream {

/// What the active checks found: the backends that are down, by `upstream::health_key`. Whoever is not listed is
/// up or not checked. Immutable, shared by all workers.
struct health_view {
  std::unordered_set<std::string> down;
};

using health_snapshot = std::shared_ptr<const health_view>;

}  // namespace cardea::proxy::upstream
