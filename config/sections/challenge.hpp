#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace cardea::config {

/// How a name is proven to an ACME CA.
enum class challenge_type {
  dns01,          ///< a TXT record that we write (RFC 8555 section 8.4)
  http01,         ///< an answer on port 80 (RFC 8555 section 8.3)
  tls_alpn01,     ///< an answer in the TLS handshake on port 443 (RFC 8737)
  dns_account01,  ///< a TXT record that we write, at a name of the account's own
                  ///< (draft-ietf-acme-dns-account-label)
  dns_persist01,  ///< a TXT record that the operator wrote once (draft-ietf-acme-dns-persist)
};

/// As CAs and configurations spell it: "dns-01".
[[nodiscard]] std::string_view to_text(challenge_type type) noexcept;
/// Nothing when there is no such type. The case does not matter.
[[nodiscard]] std::optional<challenge_type> challenge_type_of(std::string_view text) noexcept;
/// All types, in the order of the enumeration.
[[nodiscard]] std::span<const std::string_view> challenge_type_names() noexcept;

/// Whether a type can prove a name at all: wildcards only through DNS (RFC 8555 section 7.1.3), IP
/// addresses never through it (RFC 8738 section 7).
[[nodiscard]] bool can_prove(challenge_type type, std::string_view domain);

}  // namespace cardea::config
