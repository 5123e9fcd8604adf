#pragma once

#include "dnsproviders/options.hpp"
#include "dnsproviders/provider.hpp"
#include "dnsproviders/services.hpp"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cardea::dnsproviders {

using maker = base::result<std::unique_ptr<provider>> (*)(const option_values& options, services with);

/// All names that a configuration may use, aliases included.
[[nodiscard]] std::span<const std::string_view> provider_names();

/// Checks the options and builds the provider; no network traffic. The error is
/// one sentence that names the provider and the option.
[[nodiscard]] base::result<std::unique_ptr<provider>> make_provider(
    const std::string& name, const std::map<std::string, base::secret>& options,
    const environment_lookup& lookup, services with);

/// Text for people: the list of providers, or (with a name) one with its
/// options. errc::not_found with a suggestion for an unknown name.
[[nodiscard]] base::result<std::string> describe(const std::string& name);

}  // namespace cardea::dnsproviders
