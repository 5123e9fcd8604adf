#pragma once

#include "config/config.hpp"
#include "proxy/stream/route_table.hpp"
#include "proxy/upstream/address_book.hpp"

#include <memory>
#include <vector>

namespace cardea::app {

/// What the TCP and UDP routes of a configuration listen on, besides the listener of https.
[[nodiscard]] std::vector<proxy::net::endpoint> stream_endpoints(const config::configuration& from);

/// The configuration's TCP and UDP routes with the addresses that the book has of their backends.
[[nodiscard]] std::shared_ptr<const proxy::stream::route_table> make_streams(const config::configuration& from,
                                                                             const proxy::upstream::address_book& book);

/// Whether two tables have the same routes with the same addresses.
[[nodiscard]] bool same_streams(const proxy::stream::route_table& left, const proxy::stream::route_table& right);

}  // namespace cardea::app
