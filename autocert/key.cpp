#include "autocert/key.hpp"

#include "autocert/subject_names.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace cardea::autocert {
namespace {

struct deleter {
  void operator()(BIO* value) const noexcept { BIO_free(value); }
  void operator()(X509_REQ* value) const noexcept { X509_REQ_free(value); }
  void operator()(X509_EXTENSIONS* value) const noexcept {
    sk_X509_EXTENSION_pop_free(value, X509_EXTENSION_free);
  }
};
template <class T>
using owned = std::unique_ptr<T, deleter>;

base::error refused(std::string_view what) {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  const std::string why = reason != nullptr ? reason : "unknown reason";
  ERR_clear_error();
  return {base::errc::invalid_argument, fmt::format("OpenSSL could not make the {}: {}", what, why)};
}

EVP_PKEY* generate(config::key_type type) {
  switch (type) {
    case config::key_type::ec256:
      return EVP_EC_gen("P-256");
    case config::key_type::ec384:
      return EVP_EC_gen("P-384");
    case config::key_type::rsa2048:
      return EVP_RSA_gen(2048);
    case config::key_type::rsa3072:
      return EVP_RSA_gen(3072);
    case config::key_type::rsa4096:
      return EVP_RSA_gen(4096);
    case config::key_type::rsa8192:
      return EVP_RSA_gen(8192);
  }
  return nullptr;
}

bool add_names(X509_REQ* request, const std::vector<std::string>& domains) {
  const auto names = subject_names(domains);
  X509_EXTENSIONS* list = nullptr;
  // Not critical: that is for the CA to decide in the certificate, and every client asks so.
  const bool made = X509V3_add1_i2d(&list, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1;
  const owned<X509_EXTENSIONS> extensions(list);
  return made && X509_REQ_add_extensions(request, extensions.get()) == 1;
}

}  // namespace

base::result<base::key_ptr> make_key(config::key_type type) {
  base::key_ptr key(generate(type));
  if (!key) return refused("key");
  return key;
}

bool is_of_type(const EVP_PKEY* key, config::key_type type) {
  const int id = EVP_PKEY_get_base_id(key);
  const int bits = EVP_PKEY_get_bits(key);
  switch (type) {
    case config::key_type::ec256:
      return id == EVP_PKEY_EC && bits == 256;
    case config::key_type::ec384:
      return id == EVP_PKEY_EC && bits == 384;
    case config::key_type::rsa2048:
      return id == EVP_PKEY_RSA && bits == 2048;
    case config::key_type::rsa3072:
      return id == EVP_PKEY_RSA && bits == 3072;
    case config::key_type::rsa4096:
      return id == EVP_PKEY_RSA && bits == 4096;
    case config::key_type::rsa8192:
      return id == EVP_PKEY_RSA && bits == 8192;
  }
  return false;
}

std::string key_to_pem(EVP_PKEY* key) {
  // A BIO of OpenSSL's secure kind wipes its memory when it is freed.
  const owned<BIO> out(BIO_new(BIO_s_secmem()));
  PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

base::result<std::string> make_csr(EVP_PKEY* key, const std::vector<std::string>& domains) {
  if (domains.empty()) return base::error(base::errc::invalid_argument, "a signing request needs a name");
  const owned<X509_REQ> request(X509_REQ_new());
  const bool complete = X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) == 1 &&
                        X509_REQ_set_pubkey(request.get(), key) == 1 && add_names(request.get(), domains) &&
                        X509_REQ_sign(request.get(), key, EVP_sha256()) > 0;
  if (!complete) return refused("signing request");
  unsigned char* der = nullptr;
  const int size = i2d_X509_REQ(request.get(), &der);
  if (size <= 0) return refused("signing request");
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

}  // namespace cardea::autocert
