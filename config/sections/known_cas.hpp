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

}  // namespace cardea::config
