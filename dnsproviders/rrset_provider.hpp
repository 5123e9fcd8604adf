#pragma once

#include "dnsproviders/options.hpp"
#include "dnsproviders/services.hpp"
#include "dnsproviders/vendor.hpp"

#include <memory>

namespace cardea::dnsproviders {

/// A provider out of a vendor whose writes replace a whole set: reads, merges
/// and writes under the zone's lock, and once more when the vendor answers that
/// the set changed in between (409, 412). Foreign values stay.
[[nodiscard]] base::result<std::unique_ptr<provider>> make_rrset_provider(
    const provider_metadata& of, const option_values& options, services with,
    std::unique_ptr<rrset_vendor> vendor);

}  // namespace cardea::dnsproviders
