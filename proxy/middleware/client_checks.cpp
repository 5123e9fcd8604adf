#include "proxy/middleware/client_checks.hpp"

#include "base/address.hpp"
#include "proxy/upstream/real_client.hpp"

#include <algorithm>

namespace cardea::proxy::middleware {

std::optional<refusal> real_ip::on_request(edited_exchange& request, const route_facts&) const {
  const std::string_view found =
      upstream::real_client(request.client().address, request.head().fields, request.bytes(), options_.from);
  if (found == request.client().address) return std::nullopt;
  // One address has one spelling for all that compares it.
  const auto address = base::address::from_parts(found, 0);
  if (address) request.set_client(address->host());
  return std::nullopt;
}

std::optional<refusal> cidr_whitelist::on_request(edited_exchange& request, const route_facts&) const {
  const auto address = base::address::from_parts(request.client().address, 0);
  const bool is_in = address && std::any_of(options_.allow.begin(), options_.allow.end(),
                                            [&](const base::address_range& each) { return each.contains(*address); });
  if (is_in) return std::nullopt;
  return refusal{options_.status, options_.message};
}

}  // namespace cardea::proxy::middleware
