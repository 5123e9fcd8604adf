#include "proxy/middleware/rate_limiter.hpp"

#include <chrono>

namespace cardea::proxy::middleware {

rate_limiter::rate_limiter(const config::rate_limit& options)
    : table_(std::make_unique<rate_table>(options.average, options.burst, options.period, options.clients_max)) {}

std::optional<refusal> rate_limiter::on_request(edited_exchange& request, const route_facts&) const {
  const auto address = base::address::from_parts(request.client().address, 0);
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const auto wait = table_->take(address ? rate_table::client_of(*address) : 0, now);
  if (wait.count() == 0) return std::nullopt;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return refusal{429, "rate limit exceeded", static_cast<std::uint32_t>(seconds)};
}

}  // namespace cardea::proxy::middleware
