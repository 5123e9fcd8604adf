#pragma once

#include "base/error.hpp"
#include "config/sections/autocert.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cardea::autocert {

/// What stands behind a certificate's `provider` key.
enum class provider_kind {
  local,     ///< files that somebody else puts there; never ordered
  pseudo,    ///< a self-signed certificate in memory; never scheduled
  internal,  ///< our own CA
  custom,    ///< ACME at ca_dir_url, which needs no DNS record of ours
  dns,       ///< ACME with a DNS provider of that name
};

[[nodiscard]] provider_kind kind_of(std::string_view provider) noexcept;

/// Whether the configuration can be used: the first violation, prefixed by
/// `main:` or `extra[N]:`, told apart by errc::missing_field,
/// errc::duplicated_path, errc::invalid_domain and errc::unknown_provider.
/// `dns_providers` are the names that exist.
[[nodiscard]] base::result<void> check_requests(const config::autocert_section& section,
                                                const std::vector<std::string>& dns_providers);

}  // namespace cardea::autocert
