#pragma once

#include "base/error.hpp"
#include "config/reader.hpp"
#include "config/sections/inbound_mtls.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace cardea::config {

/// The text of a file of certificates; notes that the configuration depends on it.
using pem_source = std::function<base::result<std::string>(const std::string& path)>;

/// GoDoxy's `inbound_mtls_profiles`: names -> `use_system_cas`, `ca_files`. A
/// profile that trusts nobody, and a file that cannot be used, go to the
/// findings; the profile stays known by its name.
[[nodiscard]] std::vector<inbound_mtls_profile> read_inbound_mtls(const value& from, const pem_source& read);

/// The profile that `key` names; null without one, or when it is unknown (reported).
[[nodiscard]] std::shared_ptr<const base::trust_store> read_profile_reference(
    mapping& keys, std::string_view key, std::span<const inbound_mtls_profile> known);

/// The text of a PEM file that `item` names; nothing when it cannot be read (reported).
[[nodiscard]] std::optional<std::string> read_pem_file(const value& item, const pem_source& read);

}  // namespace cardea::config
