#include "autocert/key.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace cardea::autocert {

base::result<base::key_ptr> make_key(config::key_type type) {
  EVP_PKEY* key = nullptr;
  switch (type) {
    case config::key_type::ec256: key = EVP_EC_gen("P-256"); break;
    case config::key_type::ec384: key = EVP_EC_gen("P-384"); break;
    case config::key_type::rsa2048: key = EVP_RSA_gen(2048); break;
    case config::key_type::rsa3072: key = EVP_RSA_gen(3072); break;
    case config::key_type::rsa4096: key = EVP_RSA_gen(4096); break;
    case config::key_type::rsa8192: key = EVP_RSA_gen(8192); break;
  }
  if (key == nullptr) return base::error(base::errc::invalid_argument, "OpenSSL could not make a key");
  return base::key_ptr(key);
}

std::string key_to_pem(EVP_PKEY* key) {
  BIO* out = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(out);
  return text;
}

base::result<std::string> make_csr(EVP_PKEY* key, const std::vector<std::string>& domains) {
  std::string names;
  for (const auto& domain : domains) names += (names.empty() ? "DNS:" : ",DNS:") + domain;
  X509_REQ* request = X509_REQ_new();
  X509_REQ_set_pubkey(request, key);
  auto* extensions = sk_X509_EXTENSION_new_null();
  sk_X509_EXTENSION_push(extensions, X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str()));
  X509_REQ_add_extensions(request, extensions);
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  X509_REQ_sign(request, key, EVP_sha256());
  unsigned char* der = nullptr;
  const int size = i2d_X509_REQ(request, &der);
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  X509_REQ_free(request);
  return out;
}

}  // namespace cardea::autocert
