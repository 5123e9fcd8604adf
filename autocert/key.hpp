#pragma once

#include "base/certificate.hpp"
#include "base/error.hpp"
#include "config/sections/autocert.hpp"

#include <openssl/types.h>

#include <string>
#include <vector>

namespace cardea::autocert {

[[nodiscard]] base::result<base::key_ptr> make_key(config::key_type type);
[[nodiscard]] std::string key_to_pem(EVP_PKEY* key);
[[nodiscard]] base::result<std::string> make_csr(EVP_PKEY* key, const std::vector<std::string>& domains);

}  // namespace cardea::autocert
