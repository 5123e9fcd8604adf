#include "app/streams.hpp"

#include "config/listening.hpp"

#include <algorithm>

namespace cardea::app {
namespace {

// An address that the configuration's check let pass is one.
proxy::net::endpoint endpoint_of(const config::route_section& section) {
  const std::string_view host = section.bind.empty() ? std::string_view("::") : section.bind;
  return {base::address::from_parts(host, section.listen_port).value(),
          section.scheme == config::route_scheme::tcp ? proxy::net::transport::tcp : proxy::net::transport::udp};
}

proxy::stream::route without_addresses(const config::route_section& section, const config::entrypoint_section& entrypoint) {
  proxy::stream::route out;
  out.name = section.alias;
  out.at = endpoint_of(section);
  out.by_server_name = config::shares_https(section, entrypoint);
  out.terminates_tls = section.tls_termination;
  out.relays_proxy_header = section.relay_proxy_protocol_header;
  out.backend = section.host + ":" + std::to_string(section.port);
  return out;
}

}  // namespace

std::vector<proxy::net::endpoint> stream_endpoints(const config::configuration& from) {
  std::vector<proxy::net::endpoint> out;
  for (const config::route_section& section : from.routes)
    if (config::is_stream(section.scheme) && !config::shares_https(section, from.entrypoint))
      out.push_back(endpoint_of(section));
  return out;
}

std::shared_ptr<const proxy::stream::route_table> make_streams(const config::configuration& from,
                                                               const proxy::upstream::address_book& book) {
  std::vector<proxy::stream::route> routes;
  for (const config::route_section& section : from.routes) {
    if (!config::is_stream(section.scheme)) continue;
    proxy::stream::route route = without_addresses(section, from.entrypoint);
    route.addresses = book.find({section.host, section.port});
    routes.push_back(std::move(route));
  }
  return std::make_shared<const proxy::stream::route_table>(std::move(routes), from.match_domains);
}

bool same_streams(const proxy::stream::route_table& left, const proxy::stream::route_table& right) {
  return std::equal(left.routes().begin(), left.routes().end(), right.routes().begin(), right.routes().end(),
                    [](const auto& a, const auto& b) { return *a == *b; });
}

}  // namespace cardea::app
