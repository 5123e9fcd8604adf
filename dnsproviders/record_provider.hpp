#pragma once

#include "dnsproviders/options.hpp"
#include "dnsproviders/services.hpp"
#include "dnsproviders/vendor.hpp"

#include <memory>

namespace cardea::dnsproviders {

/// A provider out of a vendor with single records: lists before it adds, so
/// that a repeated present adds nothing, and removes exactly its own value,
/// also one that was left by a crash.
[[nodiscard]] base::result<std::unique_ptr<provider>> make_record_provider(
    const provider_metadata& of, const option_values& options, services with,
    std::unique_ptr<record_vendor> vendor);

}  // namespace cardea::dnsproviders
