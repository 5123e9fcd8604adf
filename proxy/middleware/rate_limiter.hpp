#pragma once

#include "config/sections/middleware.hpp"
#include "proxy/middleware/step.hpp"
#include "proxy/middleware/rate_table.hpp"

#include <memory>

namespace cardea::proxy::middleware {

/// 429 for a client that sends more requests than it may.
class rate_limiter final : public step {
 public:
  explicit rate_limiter(const config::rate_limit& options);
  [[nodiscard]] std::optional<refusal> on_request(edited_exchange& request, const route_facts&) const override;

 private:
  std::unique_ptr<rate_table> table_;
};

}  // namespace cardea::proxy::middleware
