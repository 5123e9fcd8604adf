#include "config/route_references.hpp"

#include "base/trust_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace cardea::config {
namespace {

// With match_domains an alias answers for a name below each of them, too.
std::vector<std::string> hosts_of(const route_section& route, const std::vector<std::string>& match_domains) {
  std::vector<std::string> out;
  for (const std::string& name : names_of(route)) {
    out.push_back(name);
    if (name.find('.') != std::string::npos) continue;
    for (const std::string& domain : match_domains) out.push_back(name + '.' + domain);
  }
  return out;
}

}  // namespace

void check_rule_routes(const std::vector<placed_route>& routes, findings& found) {
  for (const placed_route& each : routes) {
    for (std::size_t i = 0; i < each.route.paths.rules.size(); ++i) {
      const path_rule& rule = each.route.paths.rules[i];
      if (rule.route.empty()) continue;
      const auto fail = [&](errc code, std::string text) {
        found.error({code, std::string(each.where.file), each.where.at,
                     fmt::format("{}.paths[{}].route", each.where.path, i), std::move(text)});
      };
      const auto named = std::find_if(routes.begin(), routes.end(),
                                      [&](const placed_route& one) { return one.route.alias == rule.route; });
      if (named == routes.end())
        fail(errc::invalid_value, fmt::format("there is no route {}", rule.route));
      else if (is_stream(named->route.scheme))
        fail(errc::invalid_value, fmt::format("{} is a route of scheme tcp or udp", rule.route));
      else if (!named->route.paths.rules.empty())
        fail(errc::invalid_value, fmt::format("{} has paths or a redirect of its own, which would not count here", rule.route));
      else if (!base::same_trust(named->route.client_cas, each.route.client_cas))
        fail(errc::invalid_value, fmt::format("{} has another inbound_mtls_profile", rule.route));
    }
  }
}

void name_shared_hosts(const std::vector<placed_route>& routes, const std::vector<std::string>& match_domains,
                       findings& found) {
  std::map<std::string, const placed_route*> first;
  for (const placed_route& each : routes) {
    if (each.route.internal || is_stream(each.route.scheme)) continue;
    for (const std::string& host : hosts_of(each.route, match_domains)) {
      const auto [known, is_new] = first.try_emplace(host, &each);
      if (is_new || known->second == &each) continue;
      found.warn({errc::duplicate, std::string(each.where.file), each.where.at, each.where.path,
                  fmt::format("does not answer for {}: {} at {} does, which comes first", host,
                              known->second->route.alias, known->second->route.source)});
    }
  }
}

}  // namespace cardea::config
