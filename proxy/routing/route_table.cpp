#include "proxy/routing/route_table.hpp"

#include "proxy/http/authority.hpp"

namespace cardea::proxy::routing {

route_table::route_table(std::vector<route> routes, const std::vector<std::string>& match_domains)
    : routes_(std::move(routes)) {
  for (std::size_t i = 0; i < routes_.size(); ++i) names_.add(routes_[i].name, i, match_domains);
}

std::size_t route_table::find(std::string_view authority) const noexcept {
  return names_.find(http::host_of(authority));
}

}  // namespace cardea::proxy::routing
