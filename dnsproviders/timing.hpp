#pragma once

#include "dnsproviders/options.hpp"
#include "dnsproviders/provider.hpp"

namespace cardea::dnsproviders {

/// Timing from the common options, over the provider's own defaults.
[[nodiscard]] base::result<propagation_timing> read_timing(const option_values& options,
                                                           propagation_timing defaults);

}  // namespace cardea::dnsproviders
