#include "autocert/dns/name_servers.hpp"

namespace cardea::autocert::dns {
namespace {

constexpr std::uint16_t dns_port = 53;
constexpr int rcode_noerror = 0;
constexpr int rcode_nxdomain = 3;
constexpr base::dns_timing patience{std::chrono::milliseconds(2'000), 1};

}  // namespace

base::awaitable<base::result<base::dns_reply>> ask_quickly(std::string name, base::dns_type type,
                                                           base::address server) {
  auto reply = co_await base::dns_query(name, type, server, false, patience);
  co_return reply;
}

base::awaitable<base::result<std::vector<name_server>>> servers_of(base::dns_resolver resolver,
                                                                   std::string zone) {
  std::vector<name_server> out;
  for (const base::address& each : resolver.servers()) {
    const auto own = co_await ask_quickly(zone, base::dns_type::soa, each);
    if (own && own->authoritative && own->rcode == rcode_noerror) out.push_back({each.to_string(), {each}});
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

base::awaitable<base::result<std::vector<std::string>>> find_txt_values(base::dns_resolver resolver,
                                                                        std::string name) {
  const auto last = co_await resolver.follow_cnames(name);
  if (!last) co_return last.error();
  const auto zone = co_await resolver.find_zone(*last);
  if (!zone) co_return zone.error();
  const auto servers = co_await servers_of(resolver, *zone);
  if (!servers) co_return servers.error();
  base::error why(base::errc::not_found, "no name server of zone " + *zone + " has an address");
  for (const name_server& server : *servers) {
    for (const base::address& each : server.addresses) {
      const auto reply = co_await ask_quickly(*last, base::dns_type::txt, each);
      if (!reply) {
        why = reply.error();
        continue;
      }
      if (reply->rcode != rcode_noerror && reply->rcode != rcode_nxdomain) {
        why = base::error(base::errc::protocol,
                          each.to_string() + " answered " + base::dns_rcode_name(reply->rcode));
        continue;
      }
      std::vector<std::string> values;
      for (const base::dns_record& record : reply->answers)
        if (record.type == base::dns_type::txt) values.push_back(record.text);
      co_return values;
    }
  }
  co_return why;
}

}  // namespace cardea::autocert::dns
