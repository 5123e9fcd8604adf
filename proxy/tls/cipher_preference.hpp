#pragma once

#include <string>

namespace cardea::proxy::tls {

/// Whether this processor computes AES-GCM by instructions of its own.
[[nodiscard]] bool has_aes_instructions() noexcept;

/// The suites of TLS 1.3 when none are configured, as OpenSSL reads them: all three, the one that costs least first.
///
/// AES-128 before AES-256: both are beyond reach (RFC 9325 section 4.2 asks for 128 bits), and four rounds fewer and
/// SHA-256 are a fifth of a handshake's and a quarter of a record's price. Without AES instructions ChaCha20 is first.
[[nodiscard]] std::string default_ciphersuites(bool aes_instructions);

/// The same for TLS 1.2: Mozilla's "intermediate" recommendation in that order.
[[nodiscard]] std::string default_ciphers(bool aes_instructions);

/// The groups for the key exchange when none are configured, best first.
[[nodiscard]] std::string default_groups(bool post_quantum);

}  // namespace cardea::proxy::tls
