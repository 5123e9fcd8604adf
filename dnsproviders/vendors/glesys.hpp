#pragma once

#include "dnsproviders/options.hpp"
#include "dnsproviders/provider.hpp"
#include "dnsproviders/services.hpp"

#include <memory>

namespace cardea::dnsproviders {

[[nodiscard]] const provider_metadata& glesys_metadata();
[[nodiscard]] base::result<std::unique_ptr<provider>> make_glesys(const option_values& options,
                                                                  services with);

}  // namespace cardea::dnsproviders
