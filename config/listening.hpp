#pragma once

#include "config/config.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>

/// Who listens where: what a configuration wants of ports, and where two want one.
namespace cardea::config {

/// Whether a TCP route shares the listener of https and is chosen by server name there: the ports are
/// the same, and the hosts are, or one of them is every address.
[[nodiscard]] bool shares_https(const route_section& route, const entrypoint_section& entrypoint);

/// The address on which a route of scheme tcp or udp listens, as `host:port`.
[[nodiscard]] std::string listening_address(const route_section& route);

/// Tells of each route that wants what something else has, or that leads back to where it listens:
/// `fail` is called with the route's index and a sentence that names the other place.
void find_listening_conflicts(const configuration& all, std::span<const route_section* const> routes,
                              const std::function<void(std::size_t, std::string)>& fail);

}  // namespace cardea::config
