#pragma once

#include "config/reader.hpp"
#include "config/sections/entrypoint.hpp"
#include "config/sections/inbound_mtls.hpp"

#include <span>

namespace cardea::config {

/// `from` is null when there is no such section. What is wrong goes to its
/// findings; what is returned is complete only when nothing did.
[[nodiscard]] entrypoint_section read_entrypoint(const value& from, std::span<const inbound_mtls_profile> profiles);

}  // namespace cardea::config
