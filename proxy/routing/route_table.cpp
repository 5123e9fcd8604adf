#include "proxy/routing/route_table.hpp"

#include "base/text.hpp"
#include "proxy/http/authority.hpp"

#include <array>

namespace cardea::proxy::routing {
namespace {

constexpr std::size_t host_bytes_max = 255;

}  // namespace

route_table::route_table(std::vector<route> routes, const std::vector<std::string>& match_domains)
    : routes_(std::move(routes)) {
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    const std::string& name = routes_[i].name;
    if (name.starts_with("*.")) {
      wildcard_.try_emplace(name.substr(2), i);
      continue;
    }
    exact_.try_emplace(name, i);
    if (name.find('.') != std::string::npos) continue;
    if (match_domains.empty()) first_label_.try_emplace(name, i);
    for (const std::string& domain : match_domains) exact_.try_emplace(name + "." + domain, i);
  }
}

std::size_t route_table::lookup(const name_map& names, std::string_view name) noexcept {
  const auto at = names.find(name);
  return at == names.end() ? none : at->second;
}

std::size_t route_table::find(std::string_view authority) const noexcept {
  std::string_view host = http::host_of(authority);
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || host.size() > host_bytes_max) return none;
  std::array<char, host_bytes_max> lower;
  for (std::size_t i = 0; i < host.size(); ++i) lower[i] = base::to_lower(host[i]);
  const std::string_view name(lower.data(), host.size());

  if (const std::size_t found = lookup(exact_, name); found != none) return found;
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return none;
  if (const std::size_t found = lookup(first_label_, name.substr(0, dot)); found != none) return found;
  return lookup(wildcard_, name.substr(dot + 1));
}

}  // namespace cardea::proxy::routing
