#pragma once

#include "base/error.hpp"

#include <array>
#include <string>
#include <string_view>

/// Digests and signatures over whole texts. Results are raw bytes; `hex` and
/// `base64` of base/text.hpp print them. Any thread.
namespace cardea::base {

enum class digest { sha1, sha256, sha512 };

/// SHA-256 (FIPS 180-4) of the bytes of `bytes`.
[[nodiscard]] std::array<unsigned char, 32> sha256(std::string_view bytes);
[[nodiscard]] std::string hash(digest by, std::string_view bytes);
/// RFC 2104.
[[nodiscard]] std::string hmac(digest by, std::string_view key, std::string_view bytes);

enum class rsa_padding {
  pkcs1,  ///< RSASSA-PKCS1-v1_5: RS256 with SHA-256
  pss,    ///< RSASSA-PSS, salt as long as the digest: PS256 with SHA-256
};
/// Signs with a private RSA key in PEM (PKCS#1 or PKCS#8, not encrypted).
/// errc::invalid_argument when the text is no such key; the key never appears in the error.
[[nodiscard]] result<std::string> rsa_sign(std::string_view pem_key, digest by, rsa_padding padding,
                                           std::string_view bytes);

/// The library that the process runs with, which may be newer than the one it was built with:
/// "OpenSSL 3.0.17 1 Jul 2025".
[[nodiscard]] std::string_view crypto_library();

}  // namespace cardea::base
