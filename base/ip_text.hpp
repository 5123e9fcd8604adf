#pragma once

#include <optional>
#include <string>
#include <string_view>

/// IP addresses as identifiers of certificates (RFC 8738).
namespace cardea::base {

/// The one spelling that is compared: dotted decimal, or RFC 5952. Nothing
/// when `text` is no address; ports, brackets and zones are none.
[[nodiscard]] std::optional<std::string> canonical_ip(std::string_view text);
[[nodiscard]] bool is_ip_text(std::string_view text);

/// The 4 or 16 bytes of an address, as an iPAddress of a certificate holds them; empty for what is none.
[[nodiscard]] std::string ip_bytes(std::string_view text);
/// The address of 4 or 16 bytes in canonical spelling; empty for another number of them.
[[nodiscard]] std::string ip_of_bytes(std::string_view bytes);

/// The name under in-addr.arpa or ip6.arpa (RFC 1034, RFC 3596), without a final dot: what tls-alpn-01
/// sends as server name. Empty for what is no address.
[[nodiscard]] std::string reverse_name(std::string_view text);

}  // namespace cardea::base
