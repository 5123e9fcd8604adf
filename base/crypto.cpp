#include "base/crypto.hpp"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <new>

namespace cardea::base {
namespace {

const EVP_MD* algorithm_of(digest by) {
  switch (by) {
    case digest::sha1:
      return EVP_sha1();
    case digest::sha256:
      return EVP_sha256();
    case digest::sha512:
      return EVP_sha512();
  }
  return EVP_sha256();
}

struct key_deleter {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
struct digest_deleter {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using key_ptr = std::unique_ptr<EVP_PKEY, key_deleter>;

// A key that asks for a passphrase must fail, not stop at a terminal's prompt.
int no_passphrase(char*, int, int, void*) { return -1; }

key_ptr read_key(std::string_view pem) {
  const std::unique_ptr<BIO, int (*)(BIO*)> memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                   BIO_free);
  return key_ptr(memory ? PEM_read_bio_PrivateKey(memory.get(), nullptr, no_passphrase, nullptr) : nullptr);
}

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

std::array<unsigned char, 32> sha256(std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  // The built-in algorithm fails for want of memory only.
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
    throw std::bad_alloc();
  return digest;
}

std::string hash(digest by, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, algorithm_of(by), nullptr) != 1)
    throw std::bad_alloc();
  return {out.begin(), out.begin() + size};
}

std::string hmac(digest by, std::string_view key, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  if (HMAC(algorithm_of(by), key.data(), static_cast<int>(key.size()), octets(bytes), bytes.size(),
           out.data(), &size) == nullptr)
    throw std::bad_alloc();
  return {out.begin(), out.begin() + size};
}

result<std::string> rsa_sign(std::string_view pem_key, digest by, rsa_padding padding,
                             std::string_view bytes) {
  const key_ptr key = read_key(pem_key);
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA)
    return error(errc::invalid_argument, "not a private RSA key in PEM without a passphrase");
  const std::unique_ptr<EVP_MD_CTX, digest_deleter> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  const bool begun =
      context && EVP_DigestSignInit(context.get(), &parameters, algorithm_of(by), nullptr, key.get()) == 1 &&
      (padding == rsa_padding::pkcs1 ||
       (EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
        EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1));
  std::size_t size = 0;
  if (!begun || EVP_DigestSign(context.get(), nullptr, &size, octets(bytes), bytes.size()) != 1)
    return error(errc::invalid_argument, "the RSA key cannot sign");
  std::string out(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, octets(bytes),
                     bytes.size()) != 1)
    return error(errc::invalid_argument, "the RSA key cannot sign");
  out.resize(size);
  return out;
}

std::string_view crypto_library() { return OpenSSL_version(OPENSSL_VERSION); }

}  // namespace cardea::base
