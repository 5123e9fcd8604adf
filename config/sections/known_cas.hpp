#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace cardea::config {

/// Where Let's Encrypt's production CA has its directory: the default CA.
inline constexpr std::string_view lets_encrypt_directory = "https://acme-v02.api.letsencrypt.org/directory";

/// Names that `ca_dir_url` takes instead of an address, sorted.
[[nodiscard]] std::span<const std::string_view> known_ca_names();

/// The directory of a CA by its name, compared without case.
[[nodiscard]] std::optional<std::string_view> directory_of_known_ca(std::string_view name);

/// Whether `directory` is that of a public CA: one that publishes limits, or is known to have some.
[[nodiscard]] bool is_public_ca(std::string_view directory);

/// The directory in which a CA lets orders be tried out; nothing where it has none.
[[nodiscard]] std::optional<std::string_view> staging_of(std::string_view directory);

/// Where a CA gives out an external account for an e-mail address; nothing where it does not.
[[nodiscard]] std::optional<std::string_view> eab_url_of(std::string_view directory);

}  // namespace cardea::config
