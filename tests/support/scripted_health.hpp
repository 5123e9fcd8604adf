#pragma once

#include "proxy/status.hpp"

#include <utility>
#include <vector>

namespace cardea::tests {

/// Routes' health as a test says it.
class scripted_health final : public proxy::health_source {
 public:
  [[nodiscard]] std::vector<proxy::route_health> health() const override { return said; }

  std::vector<proxy::route_health> said;
};

}  // namespace cardea::tests
