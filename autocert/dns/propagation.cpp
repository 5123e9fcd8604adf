#include "autocert/dns/propagation.hpp"

#include <algorithm>
#include <vector>

namespace cardea::autocert::dns {
namespace {

using std::chrono::milliseconds;

constexpr std::uint16_t dns_port = 53;
constexpr milliseconds first_pause{50};
constexpr base::dns_timing patience{milliseconds(2'000), 1};

enum class sight { shown, missing, unreachable };

struct name_server {
  std::string name;
  std::vector<base::address> addresses;  ///< one good answer is enough
  sight seen = sight::missing;
};

// Who must show the record.
base::awaitable<base::result<std::vector<name_server>>> servers_of(const base::dns_resolver& resolver, std::string zone) {
  std::vector<name_server> out;
  // A resolver that holds the zone itself is one of its servers, whatever the NS records say.
  for (const base::address& each : resolver.servers()) {
    const auto own = co_await base::dns_query(zone, base::dns_type::soa, each, false, patience);
    if (own && own->authoritative && own->rcode == 0) out.push_back({each.to_string(), {each}});
  }
  const auto reply = co_await resolver.query(zone, base::dns_type::ns);
  if (!reply) co_return reply.error();
  for (const base::dns_record& each : reply->answers) {
    if (each.type != base::dns_type::ns) continue;
    name_server next{each.text, {}};
    if (auto found = co_await resolver.addresses_of(each.text, dns_port)) next.addresses = std::move(*found);
    out.push_back(std::move(next));
  }
  if (out.empty()) co_return base::error(base::errc::not_found, "no name servers found for zone " + zone);
  co_return out;
}

base::awaitable<sight> look(const name_server& server, std::string name, std::string value) {
  sight best = sight::unreachable;
  for (const base::address& each : server.addresses) {
    const auto reply = co_await base::dns_query(name, base::dns_type::txt, each, false, patience);
    if (!reply || (reply->rcode != 0 && reply->rcode != 3)) continue;
    best = sight::missing;
    const bool shown = std::any_of(reply->answers.begin(), reply->answers.end(), [&](const base::dns_record& record) {
      return record.type == base::dns_type::txt && record.text == value;
    });
    if (shown) co_return sight::shown;
  }
  co_return best;
}

bool all_show(const std::vector<name_server>& servers) {
  const auto is = [](sight wanted) { return [wanted](const name_server& each) { return each.seen == wanted; }; };
  return std::any_of(servers.begin(), servers.end(), is(sight::shown)) &&
         std::none_of(servers.begin(), servers.end(), is(sight::missing));
}

std::string laggards(const std::vector<name_server>& servers) {
  std::string out;
  for (const name_server& each : servers) {
    if (each.seen == sight::shown) continue;
    out += (out.empty() ? "" : ", ") + each.name + (each.seen == sight::unreachable ? " (unreachable)" : " (not there yet)");
  }
  return out;
}

}  // namespace

base::awaitable<base::result<void>> wait_until_visible(
    base::dns_resolver resolver, std::string name, std::string value, dnsproviders::propagation_timing timing,
    std::function<base::awaitable<void>(std::chrono::steady_clock::duration)> sleep) {
  const auto zone = co_await resolver.find_zone(name);
  if (!zone) co_return zone.error();
  auto servers = co_await servers_of(resolver, *zone);
  if (!servers) co_return servers.error();
  const auto deadline = std::chrono::steady_clock::now() + timing.timeout;
  milliseconds pause = first_pause;
  while (true) {
    for (name_server& each : *servers)
      if (each.seen != sight::shown) each.seen = co_await look(each, name, value);
    if (all_show(*servers)) co_return base::result<void>();
    if (std::chrono::steady_clock::now() >= deadline) break;
    co_await sleep(pause);
    pause = std::min(pause * 2, timing.polling_interval);
  }
  const std::string who = laggards(*servers);
  co_return base::error(base::errc::timed_out, "the record " + name + " is not visible at " + who);
}

}  // namespace cardea::autocert::dns
