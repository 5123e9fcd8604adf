#pragma once

#include "base/dns_client.hpp"
#include "base/fetch.hpp"
#include "dnsproviders/options.hpp"
#include "dnsproviders/provider.hpp"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cardea::dnsproviders {

/// What providers receive from outside.
struct services {
  base::fetch fetch;
  base::dns_resolver resolver;
  std::function<base::awaitable<void>(std::chrono::steady_clock::duration)> sleep = base::sleep_for;
};

using maker = base::result<std::unique_ptr<provider>> (*)(const option_values& options, services with);

/// All names that a configuration may use, aliases included.
[[nodiscard]] std::span<const std::string_view> provider_names();

/// Checks the options and builds the provider; no network traffic. The error is
/// one sentence that names the provider and the option.
[[nodiscard]] base::result<std::unique_ptr<provider>> make_provider(const std::string& name,
                                                                    const std::map<std::string, base::secret>& options,
                                                                    const environment_lookup& lookup, services with);

/// Text for people: the list of providers, or (with a name) one with its
/// options. errc::not_found with a suggestion for an unknown name.
[[nodiscard]] base::result<std::string> describe(const std::string& name);

/// Timing from the common options, over the provider's own defaults.
[[nodiscard]] base::result<propagation_timing> read_timing(const option_values& options, propagation_timing defaults);

}  // namespace cardea::dnsproviders
