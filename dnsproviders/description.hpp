#pragma once

#include "base/error.hpp"

#include <string>

/// The providers for people, from their metadata.
namespace cardea::dnsproviders {

/// The list of providers, or (with a name) one with its options; errc::not_found with a suggestion.
[[nodiscard]] base::result<std::string> describe(const std::string& name);

/// All of them as docs/dns-providers.md.
[[nodiscard]] std::string markdown_page();

}  // namespace cardea::dnsproviders
