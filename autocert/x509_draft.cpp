#include "autocert/x509_draft.hpp"

#include "autocert/subject_names.hpp"

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace cardea::autocert {
namespace {

struct deleter {
  void operator()(BIO* value) const noexcept { BIO_free(value); }
  void operator()(BIGNUM* value) const noexcept { BN_free(value); }
  void operator()(ASN1_TIME* value) const noexcept { ASN1_TIME_free(value); }
  void operator()(ASN1_OBJECT* value) const noexcept { ASN1_OBJECT_free(value); }
  void operator()(X509_EXTENSION* value) const noexcept { X509_EXTENSION_free(value); }
};
template <class T>
using owned = std::unique_ptr<T, deleter>;

constexpr int serial_bits = 127;  // positive, and well within the 20 octets of RFC 5280, 4.1.2.2

bool set_serial(X509* out) {
  const owned<BIGNUM> number(BN_new());
  return BN_rand(number.get(), serial_bits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(out)) != nullptr;
}

bool set_validity(X509* out, const x509_draft& draft) {
  const owned<ASN1_TIME> before(
      ASN1_TIME_set(nullptr, std::chrono::system_clock::to_time_t(draft.not_before)));
  const owned<ASN1_TIME> after(ASN1_TIME_set(nullptr, std::chrono::system_clock::to_time_t(draft.not_after)));
  return before && after && X509_set1_notBefore(out, before.get()) == 1 &&
         X509_set1_notAfter(out, after.get()) == 1;
}

bool set_subject(X509* out, const std::string& common_name) {
  if (common_name.empty()) return true;
  const auto* const text = reinterpret_cast<const unsigned char*>(common_name.data());
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(out), "CN", MBSTRING_UTF8, text,
                                    static_cast<int>(common_name.size()), -1, 0) == 1;
}

bool add_extension(X509* out, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, out, nullptr, nullptr, 0);
  const owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value));
  return extension && X509_add_ext(out, extension.get(), -1) == 1;
}

bool add_names(X509* out, const std::vector<std::string>& names, bool critical) {
  const auto list = subject_names(names);
  return X509_add1_ext_i2d(out, NID_subject_alt_name, list.get(), critical ? 1 : 0, X509V3_ADD_DEFAULT) == 1;
}

// RFC 8737 section 3: the digest as an OCTET STRING within the extension's own.
bool add_acme_identifier(X509* out, const std::string& digest) {
  if (digest.empty()) return true;
  const owned<ASN1_OBJECT> kind(OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1));
  const std::string inner = std::string{'\x04', static_cast<char>(digest.size())} + digest;
  const owned<ASN1_OCTET_STRING> value(ASN1_OCTET_STRING_new());
  if (!kind || !value ||
      ASN1_OCTET_STRING_set(value.get(), reinterpret_cast<const unsigned char*>(inner.data()),
                            static_cast<int>(inner.size())) != 1)
    return false;
  const owned<X509_EXTENSION> extension(X509_EXTENSION_create_by_OBJ(nullptr, kind.get(), 1, value.get()));
  return extension && X509_add_ext(out, extension.get(), -1) == 1;
}

bool add_extensions(X509* out, X509* issuer, const x509_draft& draft) {
  if (!add_extension(out, issuer, NID_subject_key_identifier, "hash")) return false;
  if (draft.is_root) {
    return add_extension(out, issuer, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
           add_extension(out, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
  }
  return add_extension(out, issuer, NID_authority_key_identifier, "keyid") &&
         add_extension(out, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(out, issuer, NID_key_usage, "critical,digitalSignature") &&
         add_extension(out, issuer, NID_ext_key_usage, "serverAuth") &&
         // RFC 5280, 4.2.1.6: with an empty subject the names are critical.
         add_names(out, draft.dns_names, draft.common_name.empty()) &&
         add_acme_identifier(out, draft.acme_identifier);
}

}  // namespace

base::result<base::x509_ptr> sign(const x509_draft& draft, EVP_PKEY* subject_key, X509* issuer,
                                  EVP_PKEY* issuer_key) {
  base::x509_ptr out(X509_new());
  X509* const signer = issuer != nullptr ? issuer : out.get();
  const bool complete = X509_set_version(out.get(), X509_VERSION_3) == 1 && set_serial(out.get()) &&
                        set_validity(out.get(), draft) && set_subject(out.get(), draft.common_name) &&
                        X509_set_issuer_name(out.get(), X509_get_subject_name(signer)) == 1 &&
                        X509_set_pubkey(out.get(), subject_key) == 1 &&
                        add_extensions(out.get(), signer, draft) &&
                        X509_sign(out.get(), issuer_key, EVP_sha256()) > 0;
  if (complete) return out;
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  const std::string why = reason != nullptr ? reason : "unknown";
  ERR_clear_error();
  return base::error(base::errc::invalid_argument,
                     fmt::format("OpenSSL could not make the certificate: {}", why));
}

std::string to_pem(X509* certificate) {
  const owned<BIO> out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), certificate);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace cardea::autocert
