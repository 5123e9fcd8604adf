#include "proxy/tls/cipher_preference.hpp"

#include "base/tls_names.hpp"

#ifdef __aarch64__
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace cardea::proxy::tls {

bool has_aes_instructions() noexcept {
#if defined(__x86_64__)
  return __builtin_cpu_supports("aes") != 0 && __builtin_cpu_supports("pclmul") != 0;
#elif defined(__aarch64__)
  constexpr unsigned long needed = HWCAP_AES | HWCAP_PMULL;
  return (getauxval(AT_HWCAP) & needed) == needed;
#else
  return false;
#endif
}

std::string default_ciphersuites(bool aes_instructions) {
  return aes_instructions ? "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
                          : "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384";
}

std::string default_ciphers(bool aes_instructions) {
  const std::string aes =
      "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
      "ECDHE-RSA-AES256-GCM-SHA384";
  const std::string chacha = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
  return aes_instructions ? aes + ":" + chacha : chacha + ":" + aes;
}

std::string default_groups(bool post_quantum) {
  return (post_quantum ? std::string(base::post_quantum_group) + ":" : std::string()) + "X25519:P-256:P-384";
}

}  // namespace cardea::proxy::tls
