#pragma once

#include <string>
#include <string_view>

/// What the TLS library at hand makes of the names of ciphers and groups. Pure, but for its tables.
namespace cardea::base {

enum class tls_name : unsigned char {
  usable,
  unknown,  ///< to this library at its security level
  weak,     ///< no forward secrecy, no authentication, or fewer than 128 bits
};

/// A TLS 1.2 cipher suite by OpenSSL's name ("ECDHE-ECDSA-AES128-GCM-SHA256"), not an expression.
[[nodiscard]] tls_name judge_tls12_cipher(const std::string& name);
/// A TLS 1.3 cipher suite by the RFC's name ("TLS_AES_128_GCM_SHA256").
[[nodiscard]] tls_name judge_tls13_ciphersuite(const std::string& name);
/// A group for the key exchange ("X25519", "P-256").
[[nodiscard]] tls_name judge_tls_group(const std::string& name);

/// The hybrid of X25519 and ML-KEM-768, which keeps what is recorded today from the
/// computers of tomorrow.
inline constexpr std::string_view post_quantum_group = "X25519MLKEM768";
/// Whether the library that the program runs with has it.
[[nodiscard]] bool has_post_quantum_group();

}  // namespace cardea::base
