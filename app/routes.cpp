#include "app/routes.hpp"

#include "base/log.hpp"

#include <algorithm>

namespace cardea::app {
namespace {

constexpr std::chrono::seconds resolve_timeout{5};

// A numeric host needs no query; a name gets all its addresses, IPv4 first,
// because services behind a home router rarely listen on IPv6 alone.
base::awaitable<std::vector<base::address>> resolve(std::string host, std::uint16_t port) {
  std::vector<base::address> out;
  if (const auto numeric = base::address::from_parts(host, port)) {
    out.push_back(*numeric);
    co_return out;
  }
  const base::executor where = co_await base::asio::this_coro::executor;
  base::tcp_resolver resolver(where);
  base::steady_timer limit(where, resolve_timeout);
  limit.async_wait([&resolver](base::error_code failure) {
    if (!failure) resolver.cancel();
  });
  const std::string service = std::to_string(port);
  auto [failure, found] = co_await resolver.async_resolve(host, service, base::as_result);
  limit.cancel();
  if (!failure)
    for (const auto& entry : found)
      out.emplace_back(entry.endpoint().data(), static_cast<socklen_t>(entry.endpoint().size()));
  std::stable_partition(out.begin(), out.end(), [](const auto& each) { return each.family() == AF_INET; });
  co_return out;
}

proxy::tls::backend_options tls_options_of(const config::route_section& section) {
  using version = proxy::tls::backend_options::version;
  const config::backend_tls_section& from = section.tls;
  proxy::tls::backend_options out;
  out.verify = !from.no_verify;
  out.name = from.server_name.empty() ? section.host : from.server_name;
  out.send_name = from.send_name;
  out.min_version = from.tls12 ? version::tls12 : version::tls13;
  out.max_version = from.tls13 ? version::tls13 : version::tls12;
  out.trusted = from.trusted;
  out.certificate = from.certificate;
  return out;
}

proxy::routing::route without_addresses(const config::route_section& section) {
  proxy::routing::route out;
  out.name = section.alias;
  out.response_header_timeout = section.response_header_timeout;
  out.client_cas = section.client_cas;
  if (section.scheme == config::route_scheme::fileserver) {
    out.kind = proxy::routing::route::kind::files;
    out.files = {section.root, section.index, section.spa};
    return out;
  }
  out.backend.host = section.host;
  out.backend.port = section.port;
  out.backend.tls = section.scheme == config::route_scheme::https;
  if (out.backend.tls) out.backend.tls_options = tls_options_of(section);
  return out;
}

}  // namespace

base::awaitable<std::shared_ptr<const proxy::routing::route_table>> resolve_routes(
    std::shared_ptr<const config::configuration> from) {
  const base::logger log("routes");
  std::vector<proxy::routing::route> routes;
  for (const config::route_section& section : from->routes) {
    proxy::routing::route route = without_addresses(section);
    if (route.kind == proxy::routing::route::kind::backend) {
      route.backend.addresses = co_await resolve(section.host, section.port);
      if (route.backend.addresses.empty())
        log.warn("the backend's name does not resolve", {{"route", section.alias}, {"host", section.host}});
    }
    routes.push_back(std::move(route));
  }
  co_return std::make_shared<const proxy::routing::route_table>(std::move(routes), from->match_domains);
}

bool same_addresses(const proxy::routing::route_table& left, const proxy::routing::route_table& right) {
  return std::equal(left.routes().begin(), left.routes().end(), right.routes().begin(), right.routes().end(),
                    [](const auto& a, const auto& b) { return a.backend.addresses == b.backend.addresses; });
}

}  // namespace cardea::app
