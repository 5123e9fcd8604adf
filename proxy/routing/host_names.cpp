#include "proxy/routing/host_names.hpp"

#include "base/text.hpp"

#include <array>

namespace cardea::proxy::routing {
namespace {

constexpr std::size_t host_bytes_max = 255;

}  // namespace

void host_names::add(const std::string& name, std::size_t index, const std::vector<std::string>& match_domains) {
  if (name.starts_with("*.")) {
    wildcard_.try_emplace(name.substr(2), index);
    return;
  }
  exact_.try_emplace(name, index);
  if (name.find('.') != std::string::npos) return;
  if (match_domains.empty()) first_label_.try_emplace(name, index);
  for (const std::string& domain : match_domains) exact_.try_emplace(name + "." + domain, index);
}

std::size_t host_names::lookup(const name_map& names, std::string_view name) noexcept {
  const auto at = names.find(name);
  return at == names.end() ? none : at->second;
}

std::size_t host_names::find(std::string_view host) const noexcept {
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
