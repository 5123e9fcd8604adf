#pragma once

#include "config/sections/autocert.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cardea::config {

/// The types of a request in order of preference: what it says, or the default of its provider. With `custom`
/// the last resort is dns-01 without a record of ours, for CAs that have validated already.
[[nodiscard]] std::vector<challenge_type> challenges_of(const certificate_request& request);

/// Why a name of the request can be proven by none of its types, as a phrase; empty when it can.
[[nodiscard]] std::string why_unprovable(const certificate_request& request, std::string_view domain);

}  // namespace cardea::config
