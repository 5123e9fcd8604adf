#include "autocert/dns/propagation.hpp"

#include "autocert/dns/name_servers.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <vector>

namespace cardea::autocert::dns {
namespace {

using std::chrono::milliseconds;

constexpr int rcode_noerror = 0;
constexpr int rcode_nxdomain = 3;
constexpr milliseconds first_pause{50};

enum class sight { shown, missing, unreachable };

// What one server answers, and in words.
struct view {
  sight seen = sight::unreachable;
  std::string said;
};

struct watched_server {
  name_server server;
  view last{};
};

std::string words_of(const base::dns_reply& reply) {
  if (reply.rcode != 0) return "answered " + base::dns_rcode_name(reply.rcode);
  const auto values = std::count_if(reply.answers.begin(), reply.answers.end(),
                                    [](const auto& record) { return record.type == base::dns_type::txt; });
  if (values == 0) return "shows no TXT record";
  return "shows " + std::to_string(values) + (values == 1 ? " other value" : " other values");
}

base::awaitable<view> look(const name_server& server, std::string name, std::string value) {
  view out{sight::unreachable, server.name + " has no address"};
  for (const base::address& each : server.addresses) {
    const std::string where = each.to_string();
    const std::string who = server.name == where ? "" : server.name + " at ";
    const auto reply = co_await ask_quickly(name, base::dns_type::txt, each);
    if (!reply) {
      if (out.seen == sight::unreachable) out.said = who + reply.error().message();
      continue;
    }
    const bool shown =
        std::any_of(reply->answers.begin(), reply->answers.end(), [&](const base::dns_record& record) {
          return record.type == base::dns_type::txt && record.text == value;
        });
    if (shown) co_return view{sight::shown, {}};
    out.said = who + where + " " + words_of(*reply);
    // Other codes come from a server that does not serve the zone.
    if (reply->rcode == rcode_noerror || reply->rcode == rcode_nxdomain) out.seen = sight::missing;
  }
  co_return out;
}

bool all_show(const std::vector<watched_server>& servers) {
  const auto is = [](sight wanted) {
    return [wanted](const watched_server& each) { return each.last.seen == wanted; };
  };
  return std::any_of(servers.begin(), servers.end(), is(sight::shown)) &&
         std::none_of(servers.begin(), servers.end(), is(sight::missing));
}

std::string laggards(const std::vector<watched_server>& servers) {
  std::string out;
  for (const watched_server& each : servers)
    if (each.last.seen != sight::shown) out += (out.empty() ? "" : "; ") + each.last.said;
  return out;
}

// One that is dead holds nothing up while others answer, but the CA may ask it first.
void tell_unreachable(const std::string& name, const std::vector<watched_server>& servers) {
  const base::logger log("dns");
  for (const watched_server& each : servers)
    if (each.last.seen == sight::unreachable)
      log.warn("a name server could not be asked, the others show the record",
               {{"record", name}, {"reason", each.last.said}});
}

}  // namespace

base::awaitable<base::result<void>> wait_until_visible(
    base::dns_resolver resolver, std::string name, std::string value, dnsproviders::propagation_timing timing,
    std::function<base::awaitable<void>(std::chrono::steady_clock::duration)> sleep) {
  const auto zone = co_await resolver.find_zone(name);
  if (!zone) co_return zone.error();
  const auto found = co_await servers_of(resolver, *zone);
  if (!found) co_return found.error();
  std::vector<watched_server> servers;
  for (const name_server& each : *found) servers.push_back({each, {}});
  const auto cancellation = co_await base::asio::this_coro::cancellation_state;
  const auto deadline = std::chrono::steady_clock::now() + timing.timeout;
  milliseconds pause = first_pause;
  while (true) {
    for (watched_server& each : servers)
      if (each.last.seen != sight::shown) each.last = co_await look(each.server, name, value);
    if (all_show(servers)) {
      tell_unreachable(name, servers);
      co_return base::result<void>();
    }
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    co_await sleep(std::min(pause, left));
    // An operation that is withdrawn only ends early; the loop has to be left.
    if (cancellation.cancelled() != base::asio::cancellation_type::none)
      co_return base::error(base::errc::cancelled, "withdrawn");
    pause = std::max(std::min(pause * 2, timing.polling_interval), first_pause);
  }
  const std::string who = laggards(servers);
  co_return base::error(base::errc::timed_out, "the record " + name + " is not visible: " + who);
}

}  // namespace cardea::autocert::dns
