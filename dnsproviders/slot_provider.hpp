#pragma once

#include "dnsproviders/options.hpp"
#include "dnsproviders/services.hpp"
#include "dnsproviders/vendor.hpp"

#include <memory>

namespace cardea::dnsproviders {

/// A provider out of a vendor with one call to set and one to clear.
[[nodiscard]] base::result<std::unique_ptr<provider>> make_slot_provider(const provider_metadata& of,
                                                                         const option_values& options,
                                                                         services with,
                                                                         std::unique_ptr<slot_vendor> vendor);

}  // namespace cardea::dnsproviders
