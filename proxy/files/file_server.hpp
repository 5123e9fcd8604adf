#pragma once

#include "proxy/http/exchange.hpp"
#include "proxy/net/buffer_pool.hpp"
#include "proxy/routing/route_table.hpp"

namespace cardea::proxy::files {

/// Answers GET and HEAD from a folder: no directory listings, nothing outside
/// the folder (also not through symbolic links), entity tags and 304. An empty
/// folder name means the built-in welcome page.
[[nodiscard]] net::task<void> serve(http::exchange& request, const routing::file_root& root,
                                    net::buffer_pool& buffers);

}  // namespace cardea::proxy::files
