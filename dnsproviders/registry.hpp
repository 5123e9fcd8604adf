#pragma once

#include "dnsproviders/options.hpp"
#include "dnsproviders/provider.hpp"
#include "dnsproviders/services.hpp"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::dnsproviders {

using maker = base::result<std::unique_ptr<provider>> (*)(const option_values& options, services with);

/// All names that a configuration may use, aliases included.
[[nodiscard]] std::span<const std::string_view> provider_names();

/// Checks the options and builds the provider; no network traffic. The error is
/// one sentence that names the provider and the option.
[[nodiscard]] base::result<std::unique_ptr<provider>> make_provider(
    const std::string& name, const std::map<std::string, base::secret>& options,
    const environment_lookup& lookup, services with);

/// In the order of their names.
[[nodiscard]] std::vector<const provider_metadata*> all_providers();
/// By name or alias; errc::not_found with a suggestion.
[[nodiscard]] base::result<const provider_metadata*> find_provider(const std::string& name);

}  // namespace cardea::dnsproviders
