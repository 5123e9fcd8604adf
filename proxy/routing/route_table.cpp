#include "proxy/routing/route_table.hpp"

#include "proxy/http/authority.hpp"

#include <unordered_map>

namespace cardea::proxy::routing {

route_table::route_table(std::vector<route> routes, const std::vector<std::string>& match_domains)
    : routes_(std::move(routes)) {
  std::unordered_map<std::string_view, std::size_t> known;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    known.try_emplace(routes_[i].name, i);
    if (routes_[i].internal) continue;
    names_.add(routes_[i].name, i, match_domains);
    for (const std::string& name : routes_[i].names) names_.add(name, i, match_domains);
  }
  for (std::size_t i = 0; i < routes_.size(); ++i)
    for (const config::path_rule& rule : routes_[i].paths.rules()) {
      const auto named = known.find(rule.route);
      routes_[i].rule_routes.push_back(named == known.end() ? i : named->second);
    }
}

std::size_t route_table::find(std::string_view authority) const noexcept {
  return names_.find(http::host_of(authority));
}

}  // namespace cardea::proxy::routing
