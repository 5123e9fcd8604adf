#include "proxy/tls/traffic_secret.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <memory>

namespace cardea::proxy::tls {
namespace {

// Fetched once: a look-up in the library takes a lock that all threads share.
EVP_KDF* key_derivation() noexcept {
  static EVP_KDF* const fetched = EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_TLS1_3_KDF, nullptr);
  return fetched;
}

struct derivation_deleter {
  void operator()(EVP_KDF_CTX* value) const noexcept { EVP_KDF_CTX_free(value); }
};

int hex_digit(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

char* text(std::string_view value) noexcept { return const_cast<char*>(value.data()); }

}  // namespace

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

std::size_t hash_bytes(cipher_suite suite) noexcept { return suite == cipher_suite::aes_256_gcm_sha384 ? 48 : 32; }

traffic_secret::traffic_secret(cipher_suite suite, std::span<const unsigned char> bytes) noexcept : suite_(suite) {
  std::copy_n(bytes.begin(), std::min(bytes.size(), hash_bytes(suite)), bytes_.begin());
}

std::optional<traffic_secret> traffic_secret::from_key_log(cipher_suite suite, std::string_view hex) noexcept {
  std::array<unsigned char, bytes_max> bytes{};
  const std::size_t size = hash_bytes(suite);
  if (hex.size() != 2 * size) return std::nullopt;
  for (std::size_t i = 0; i < size; ++i) {
    const int high = hex_digit(hex[2 * i]);
    const int low = hex_digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes[i] = static_cast<unsigned char>(high << 4 | low);
  }
  traffic_secret out(suite, std::span(bytes).first(size));
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return out;
}

traffic_secret::~traffic_secret() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

bool traffic_secret::expand(std::string_view label, std::span<unsigned char> out) const noexcept {
  const std::unique_ptr<EVP_KDF_CTX, derivation_deleter> derivation(EVP_KDF_CTX_new(key_derivation()));
  if (!derivation) return false;
  static constexpr std::string_view prefix = "tls13 ";
  const std::string_view digest = suite_ == cipher_suite::aes_256_gcm_sha384 ? "SHA384" : "SHA256";
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  const std::array<OSSL_PARAM, 6> parameters{
      OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, text(digest), digest.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, const_cast<unsigned char*>(bytes_.data()),
                                        hash_bytes(suite_)),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, text(prefix), prefix.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, text(label), label.size()),
      OSSL_PARAM_construct_end()};
  return EVP_KDF_derive(derivation.get(), out.data(), out.size(), parameters.data()) == 1;
}

bool traffic_secret::advance() noexcept {
  std::array<unsigned char, bytes_max> next{};
  const bool derived = expand("traffic upd", std::span(next).first(hash_bytes(suite_)));
  if (derived) bytes_ = next;
  OPENSSL_cleanse(next.data(), next.size());
  return derived;
}

}  // namespace cardea::proxy::tls
