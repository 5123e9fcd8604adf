#pragma once

#include "config/findings.hpp"
#include "config/sections/read_route.hpp"

#include <vector>

namespace cardea::config {

/// GoDoxy's groups: for each `load_balance.link` one more route of that name, which spreads requests over the
/// backends of all its members. The first member's settings are the group's; a later one fills in the mode
/// and its options when no earlier one has. Members keep answering for their own names.
///
/// Errors: a link that is the name of a route already, a member that serves files, members that ask for different
/// client certificates or have different middlewares or paths.
void add_link_groups(std::vector<placed_route>& routes, findings& found);

}  // namespace cardea::config
