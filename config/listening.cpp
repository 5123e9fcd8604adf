#include "config/listening.hpp"

#include "config/scalars.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

namespace cardea::config {
namespace {

bool is_every_address(std::string_view host) { return host.empty() || host == "0.0.0.0" || host == "::"; }

bool overlap(const address& left, const address& right) {
  return left.port != 0 && left.port == right.port &&
         (left.host == right.host || is_every_address(left.host) || is_every_address(right.host));
}

address wanted_by(const route_section& route) { return {route.bind, route.listen_port}; }

bool leads_to_itself(const route_section& route) {
  if (route.port != route.listen_port) return false;
  if (route.host == route.bind) return true;
  const bool is_loopback = route.host == "localhost" || route.host.starts_with("127.") || route.host == "::1";
  const bool listens_there = is_every_address(route.bind) || (route.host == "localhost" && route.bind == "127.0.0.1") ||
                             (route.host == "localhost" && route.bind == "::1");
  return is_loopback && listens_there;
}

// Of all that is not a route, what has the address already; https is not among it.
std::optional<std::string> taken_by(const configuration& all, const address& wanted) {
  const std::array<std::pair<std::string_view, std::string_view>, 2> own{
      {{"entrypoint.http_addr", all.entrypoint.http_addr}, {"api.addr", all.api.addr}}};
  for (const auto& [key, text] : own) {
    const auto parsed = parse_address(text);
    if (parsed && overlap(*parsed, wanted)) return fmt::format("{} has {} already", key, text);
  }
  return std::nullopt;
}

}  // namespace

bool shares_https(const route_section& route, const entrypoint_section& entrypoint) {
  if (route.scheme != route_scheme::tcp) return false;
  const auto https = parse_address(entrypoint.https_addr);
  return https && overlap(*https, wanted_by(route));
}

std::string listening_address(const route_section& route) { return to_string(wanted_by(route)); }

void find_listening_conflicts(const configuration& all, std::span<const route_section* const> routes,
                              const std::function<void(std::size_t, std::string)>& fail) {
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const route_section& route = *routes[i];
    if (!is_stream(route.scheme)) continue;
    if (leads_to_itself(route)) {
      fail(i, fmt::format("listens on port {} and leads to {}:{}, which is itself; name the backend's host, or bind "
                          "another address",
                          route.listen_port, route.host, route.port));
      continue;
    }
    if (shares_https(route, all.entrypoint)) continue;
    const address wanted = wanted_by(route);
    const auto taken = route.scheme == route_scheme::tcp ? taken_by(all, wanted) : std::nullopt;
    if (taken) {
      fail(i, fmt::format("cannot listen on {}: {}", listening_address(route), *taken));
      continue;
    }
    for (std::size_t j = 0; j < i; ++j) {
      const route_section& other = *routes[j];
      if (other.scheme != route.scheme || shares_https(other, all.entrypoint) || !overlap(wanted_by(other), wanted))
        continue;
      fail(i, fmt::format("cannot listen on {}: route {} at {} listens on {} already", listening_address(route),
                          other.alias, other.source, listening_address(other)));
      break;
    }
  }
}

}  // namespace cardea::config
