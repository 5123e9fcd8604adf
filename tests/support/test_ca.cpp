#include "tests/support/test_ca.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace cardea::tests {
namespace {

using bio_ptr = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

std::string taken(const bio_ptr& bio) {
  std::string out(BIO_pending(bio.get()), '\0');
  BIO_read(bio.get(), out.data(), static_cast<int>(out.size()));
  return out;
}

base::key_ptr new_key() { return base::key_ptr(EVP_EC_gen("P-256")); }

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

base::x509_ptr unsigned_certificate(const std::string& name, EVP_PKEY* key, long begin, long end) {
  base::x509_ptr out(X509_new());
  X509_set_version(out.get(), X509_VERSION_3);
  std::int64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), 7);
  ASN1_INTEGER_set_int64(X509_get_serialNumber(out.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(out.get()), begin);
  X509_gmtime_adj(X509_getm_notAfter(out.get()), end);
  const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(out.get()), "CN", MBSTRING_UTF8, text, -1, -1, 0);
  X509_set_pubkey(out.get(), key);
  return out;
}

std::string printed(X509* certificate) {
  const bio_ptr bio(BIO_new(BIO_s_mem()), BIO_free_all);
  PEM_write_bio_X509(bio.get(), certificate);
  return taken(bio);
}

std::string printed(EVP_PKEY* key) {
  const bio_ptr bio(BIO_new(BIO_s_mem()), BIO_free_all);
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return taken(bio);
}

}  // namespace

test_ca::test_ca(const std::string& name) : key_(new_key()) {
  constexpr long day = 24L * 60 * 60;
  certificate_ = unsigned_certificate(name, key_.get(), -400 * day, 400 * day);
  X509* self = certificate_.get();
  X509_set_issuer_name(self, X509_get_subject_name(self));
  add_extension(self, self, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(self, self, NID_key_usage, "critical,keyCertSign");
  add_extension(self, self, NID_subject_key_identifier, "hash");
  X509_sign(self, key_.get(), EVP_sha256());
  pem_ = printed(self);
}

pem_pair test_ca::issue(const std::string& alternative_names, std::chrono::seconds begin,
                        std::chrono::seconds end) const {
  const base::key_ptr key = new_key();
  return {certify(key.get(), alternative_names, begin, end), printed(key.get())};
}

pem_pair test_ca::issue_rsa(const std::string& alternative_names, std::chrono::seconds begin,
                            std::chrono::seconds end) const {
  const base::key_ptr key(EVP_RSA_gen(2048));
  return {certify(key.get(), alternative_names, begin, end), printed(key.get())};
}

std::string test_ca::certify(EVP_PKEY* key, const std::string& alternative_names, std::chrono::seconds begin,
                             std::chrono::seconds end) const {
  const base::x509_ptr leaf = unsigned_certificate("leaf", key, begin.count(), end.count());
  X509_set_issuer_name(leaf.get(), X509_get_subject_name(certificate_.get()));
  add_extension(leaf.get(), certificate_.get(), NID_subject_alt_name, alternative_names);
  add_extension(leaf.get(), certificate_.get(), NID_authority_key_identifier, "keyid:always");
  X509_sign(leaf.get(), key_.get(), EVP_sha256());
  return printed(leaf.get());
}

}  // namespace cardea::tests
