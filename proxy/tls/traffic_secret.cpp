#include "proxy/tls/traffic_secret.hpp"

#include <openssl/crypto.h>

#include <algorithm>

namespace cardea::proxy::tls {

std::optional<cipher_suite> cipher_suite_of(std::uint16_t number) noexcept {
  switch (number) {
    case 0x1301:
      return cipher_suite::aes_128_gcm_sha256;
    case 0x1302:
      return cipher_suite::aes_256_gcm_sha384;
    case 0x1303:
      return cipher_suite::chacha20_poly1305_sha256;
    default:
      return std::nullopt;
  }
}

hash_function hash_of(cipher_suite suite) noexcept {
  return suite == cipher_suite::aes_256_gcm_sha384 ? hash_function::sha384 : hash_function::sha256;
}

traffic_secret::traffic_secret(cipher_suite suite, octets bytes) noexcept : suite_(suite) {
  std::copy_n(bytes.begin(), std::min(bytes.size(), hash_bytes(hash_of(suite))), bytes_.begin());
}

traffic_secret::~traffic_secret() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

bool traffic_secret::expand(std::string_view label, std::span<unsigned char> out) const noexcept {
  const hash_function hash = hash_of(suite_);
  return hkdf_expand_label(hash, std::span(bytes_).first(hash_bytes(hash)), tls13_label_prefix, label, {}, out);
}

bool traffic_secret::advance() noexcept {
  std::array<unsigned char, hash_bytes_max> next{};
  const bool derived = expand("traffic upd", std::span(next).first(hash_bytes(hash_of(suite_))));
  if (derived) bytes_ = next;
  OPENSSL_cleanse(next.data(), next.size());
  return derived;
}

}  // namespace cardea::proxy::tls
