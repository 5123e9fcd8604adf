#pragma once

#include "base/certificate.hpp"
#include "base/error.hpp"
#include "config/sections/autocert.hpp"

#include <openssl/types.h>

#include <string>
#include <vector>

namespace cardea::autocert {

/// A fresh private key. RSA keys beyond 4096 bits take seconds.
[[nodiscard]] base::result<base::key_ptr> make_key(config::key_type type);

/// Whether a key is one that make_key(type) could have made.
[[nodiscard]] bool is_of_type(const EVP_PKEY* key, config::key_type type);

/// PKCS#8 PEM, not encrypted: what web servers and GoDoxy read.
[[nodiscard]] std::string key_to_pem(EVP_PKEY* key);

/// A PKCS#10 request (RFC 2986) in DER, signed with SHA-256: these names in
/// this order as SAN, and an empty subject, since a common name is limited to
/// 64 bytes and CAs ignore it. errc::invalid_argument without names.
[[nodiscard]] base::result<std::string> make_csr(EVP_PKEY* key, const std::vector<std::string>& domains);

}  // namespace cardea::autocert
