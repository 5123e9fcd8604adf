#pragma once

#include "config/reader.hpp"
#include "config/sections/autocert.hpp"
#include "config/sections/request_check.hpp"

#include <span>
#include <string_view>

namespace cardea::config {

/// `from` is null when there is no such section. What is wrong goes to its
/// findings; what is returned is complete only when nothing did.
/// `dns_provider_names`: what `provider` may be besides local, pseudo, custom and internal.
[[nodiscard]] autocert_section read_autocert(const value& from,
                                             std::span<const std::string_view> dns_provider_names,
                                             const request_check& check = {});

}  // namespace cardea::config
