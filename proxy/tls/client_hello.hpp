#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cardea::proxy::tls {

/// The host name in the body of a server_name extension (RFC 6066 section 3),
/// lower case and without a final dot; "" when it holds none. Nothing when it is
/// malformed, longer than a host name may be, or holds a NUL.
[[nodiscard]] std::optional<std::string> parse_server_name(std::string_view extension);

/// The same of the ClientHello that a callback is looking at; "" without the extension.
[[nodiscard]] std::optional<std::string> server_name_in_hello(SSL* session);

/// Whether it offers the protocol of a CA's validation and no other (RFC 8737 section 3).
[[nodiscard]] bool asks_for_acme_proof(SSL* session);

}  // namespace cardea::proxy::tls
