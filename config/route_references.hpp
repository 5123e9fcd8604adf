#pragma once

#include "config/findings.hpp"
#include "config/sections/read_route.hpp"

#include <string>
#include <vector>

namespace cardea::config {

/// What rules of `paths` name must be there, speak HTTP, and ask its clients for the same certificate.
void check_rule_routes(const std::vector<placed_route>& routes, findings& found);

/// A warning for each host that two routes would answer for: the first one, in the order of the files, does.
void name_shared_hosts(const std::vector<placed_route>& routes, const std::vector<std::string>& match_domains,
                       findings& found);

}  // namespace cardea::config
