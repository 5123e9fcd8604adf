#pragma once

#include "config/config.hpp"
#include "config/reader.hpp"

#include <span>
#include <string_view>
#include <vector>

/// Tree -> section, one function for each section. What is wrong goes to the
/// findings of the value; what is returned is complete only when nothing did.
namespace cardea::config {

/// `from` is null when the configuration has no such section.
/// `dns_provider_names`: what `provider` may be besides local, pseudo, custom and internal.
[[nodiscard]] autocert_section read_autocert(const value& from,
                                             std::span<const std::string_view> dns_provider_names);

[[nodiscard]] entrypoint_section read_entrypoint(const value& from);
[[nodiscard]] api_section read_api(const value& from);
[[nodiscard]] std::vector<std::string> read_match_domains(const value& from);

struct placed_route {
  route_section route;
  place where;
  bool is_sound = true;  ///< nothing was wrong with it by itself
};

/// A mapping of aliases to routes; keys that begin with `x-` are skipped.
[[nodiscard]] std::vector<placed_route> read_routes(const value& from);

/// GoDoxy's `healthcheck` and `defaults.healthcheck`: checked, and a warning
/// when something other than `disable` is set.
void read_healthcheck(const value& from);

}  // namespace cardea::config
