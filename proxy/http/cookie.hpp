#pragma once

#include "proxy/http/header_table.hpp"

#include <string_view>

namespace cardea::proxy::http {

/// The value of the first cookie of that name in the Cookie fields (RFC 6265 section 5.4), without the quotes that
/// may stand around it; empty when there is none. Allocates nothing.
[[nodiscard]] std::string_view cookie_of(const header_table& fields, const char* buffer,
                                         std::string_view name) noexcept;

}  // namespace cardea::proxy::http
