#pragma once

#include "config/sections/load_balance.hpp"
#include "proxy/http/header_table.hpp"

#include <string_view>

namespace cardea::proxy::upstream {

/// The client's address for choosing a backend: `peer` (numeric), or what the header says when `peer` is one of those
/// whose header is believed. Of several values, in one field line or many, the last one counts, or with `recursive`
/// the last one that is not believed itself. A value that is no address leaves it at `peer`. Pure; the result points
/// into `peer` or `buffer`.
[[nodiscard]] std::string_view real_client(std::string_view peer, const http::header_table& fields, const char* buffer,
                                           const config::real_ip_source& from);

}  // namespace cardea::proxy::upstream
