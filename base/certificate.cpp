#include "base/certificate.hpp"

#include "base/ip_text.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

namespace cardea::base {
namespace {

struct bio_deleter {
  void operator()(BIO* value) const noexcept { BIO_free(value); }
};

std::unique_ptr<BIO, bio_deleter> memory_bio(std::string_view text) {
  return std::unique_ptr<BIO, bio_deleter>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string text_of(const ASN1_STRING* value) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
          static_cast<std::size_t>(ASN1_STRING_length(value))};
}

std::vector<std::string> alternative_names(const X509* leaf, int type) {
  std::vector<std::string> out;
  auto* names =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == type) out.push_back(text_of(name->d.ia5));  // all three kinds are strings
  }
  GENERAL_NAMES_free(names);
  return out;
}

std::string common_name(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return {};
  return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

std::string printable(const X509_NAME* name) {
  if (std::string text = common_name(name); !text.empty()) return text;
  std::unique_ptr<BIO, bio_deleter> out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

wall_time time_of(const ASN1_TIME* value) {
  std::tm parts{};
  ASN1_TIME_to_tm(value, &parts);
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

error unusable(const char* what) {
  ERR_clear_error();
  return {errc::invalid_argument, what};
}

}  // namespace

void openssl_deleter::operator()(X509* value) const noexcept { X509_free(value); }
void openssl_deleter::operator()(EVP_PKEY* value) const noexcept { EVP_PKEY_free(value); }

result<std::shared_ptr<const certificate>> certificate::from_pem(std::string_view chain_pem,
                                                                 std::string_view key_pem) {
  std::shared_ptr<certificate> out(new certificate);

  const auto chain_bio = memory_bio(chain_pem);
  while (X509* next = PEM_read_bio_X509(chain_bio.get(), nullptr, nullptr, nullptr))
    out->chain_.emplace_back(next);
  // The loop ends with "no start line" at the end of the text; anything else is a damaged block.
  const unsigned long last = ERR_peek_last_error();
  if (out->chain_.empty()) return unusable("no certificate in the PEM chain");
  if (ERR_GET_REASON(last) != PEM_R_NO_START_LINE) return unusable("a damaged certificate in the PEM chain");
  ERR_clear_error();

  // Without this callback OpenSSL would ask for a password on the terminal.
  const auto refuse_password = [](char*, int, int, void*) { return -1; };
  const auto key_bio = memory_bio(key_pem);
  out->key_.reset(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, refuse_password, nullptr));
  if (!out->key_) return unusable("no usable private key in the PEM text (encrypted keys are not supported)");
  if (X509_check_private_key(out->leaf(), out->key()) != 1)
    return unusable("the private key does not belong to the certificate");

  for (const std::string& name : alternative_names(out->leaf(), GEN_DNS)) out->dns_names_.push_back(lower(name));
  if (out->dns_names_.empty() && out->ip_addresses().empty()) {
    if (std::string name = common_name(X509_get_subject_name(out->leaf())); !name.empty())
      out->dns_names_.push_back(lower(name));
  }
  out->not_before_ = time_of(X509_get0_notBefore(out->leaf()));
  out->not_after_ = time_of(X509_get0_notAfter(out->leaf()));
  return std::shared_ptr<const certificate>(std::move(out));
}

std::vector<std::string> certificate::ip_addresses() const {
  std::vector<std::string> out = alternative_names(leaf(), GEN_IPADD);
  for (std::string& each : out) each = ip_of_bytes(each);
  return out;
}
std::vector<std::string> certificate::email_addresses() const { return alternative_names(leaf(), GEN_EMAIL); }
std::string certificate::subject() const { return printable(X509_get_subject_name(leaf())); }
std::string certificate::issuer() const { return printable(X509_get_issuer_name(leaf())); }

std::string certificate::serial_hex() const {
  BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(leaf()), nullptr);
  char* text = BN_bn2hex(number);
  std::string out = lower(text);
  OPENSSL_free(text);
  BN_free(number);
  return out;
}

}  // namespace cardea::base
