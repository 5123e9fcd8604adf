#include "config/sections/link_group.hpp"

#include "base/trust_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace cardea::config {
namespace {

void fail(findings& found, const place& where, errc code, std::string text) {
  found.error({code, std::string(where.file), where.at, where.path + ".load_balance.link", std::move(text)});
}

void join(placed_route& group, const placed_route& member, findings& found) {
  load_balance_section& balance = group.route.load_balance;
  const load_balance_section& own = member.route.load_balance;
  if (!balance.mode_given && own.mode_given) {
    balance.mode = own.mode;
    balance.mode_given = true;
    balance.hash_on = own.hash_on;
    balance.hash_name = own.hash_name;
  }
  if (balance.real_ip.from.empty()) balance.real_ip = own.real_ip;
  for (backend_entry entry : backends_of(member.route)) {
    entry.weight *= own.weight;
    const auto same = [&](const backend_entry& one) { return one.host == entry.host && one.port == entry.port; };
    if (std::any_of(group.route.backends.begin(), group.route.backends.end(), same))
      found.warn({errc::duplicate, std::string(member.where.file), member.where.at,
                  member.where.path + ".load_balance.link",
                  fmt::format("{}:{} is in the group {} already and counts once", entry.host, entry.port, own.link)});
    else
      group.route.backends.push_back(std::move(entry));
  }
}

placed_route make_group(const placed_route& first) {
  placed_route out = first;
  out.route.alias = first.route.load_balance.link;
  out.route.names.clear();
  out.route.internal = false;
  out.route.backends.clear();
  out.route.load_balance.link.clear();
  return out;
}

}  // namespace

void add_link_groups(std::vector<placed_route>& routes, findings& found) {
  std::map<std::string, placed_route> groups;
  std::vector<std::string> order;
  for (const placed_route& member : routes) {
    const std::string& link = member.route.load_balance.link;
    if (link.empty() || !member.is_sound) continue;
    const auto named = std::find_if(routes.begin(), routes.end(),
                                    [&](const placed_route& one) { return one.route.alias == link; });
    if (named != routes.end()) {
      fail(found, member.where, errc::duplicate,
           fmt::format("{} is the name of a route already, at {}; the group needs a name of its own", link,
                       named->route.source));
      continue;
    }
    if (member.route.scheme == route_scheme::fileserver || member.route.only_redirects) {
      fail(found, member.where, errc::invalid_value,
           member.route.only_redirects ? "a redirect cannot be a member of a group"
                                       : "a fileserver cannot be a member of a group");
      continue;
    }
    const auto [at, is_new] = groups.try_emplace(link, make_group(member));
    if (is_new) order.push_back(link);
    // The group is one door: it cannot be open by one member's word and closed by another's.
    if (!base::same_trust(at->second.route.client_cas, member.route.client_cas)) {
      fail(found, member.where, errc::invalid_value,
           fmt::format("all members of {} must have the same inbound_mtls_profile", link));
      continue;
    }
    if (at->second.route.middlewares != member.route.middlewares || at->second.route.paths != member.route.paths) {
      fail(found, member.where, errc::invalid_value,
           fmt::format("all members of {} must have the same middlewares and paths", link));
      continue;
    }
    join(at->second, member, found);
  }
  for (const std::string& link : order) routes.push_back(std::move(groups.at(link)));
}

}  // namespace cardea::config
