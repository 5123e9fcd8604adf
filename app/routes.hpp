#pragma once

#include "base/async.hpp"
#include "config/config.hpp"
#include "proxy/routing/route_table.hpp"

#include <memory>

namespace cardea::app {

/// The configuration's routes with their backends' names resolved. A name that does not resolve leaves its
/// route without an address (503) and a warning, never a failure of the whole: it is tried again with the
/// next refresh. Control thread.
[[nodiscard]] base::awaitable<std::shared_ptr<const proxy::routing::route_table>> resolve_routes(
    std::shared_ptr<const config::configuration> from);

/// Whether two tables send every route to the same addresses.
[[nodiscard]] bool same_addresses(const proxy::routing::route_table& left,
                                  const proxy::routing::route_table& right);

}  // namespace cardea::app
