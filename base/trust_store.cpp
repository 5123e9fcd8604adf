#include "base/trust_store.hpp"

#include "base/atomic_file.hpp"
#include "base/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace cardea::base {
namespace {

constexpr std::size_t system_bytes_max = 16U << 20U;
// What a CertificateRequest may carry: browsers offer only certificates of the
// named authorities, but a list of all the world's costs every handshake 15 KiB.
constexpr std::size_t names_max = 32;

struct bio_freer {
  void operator()(BIO* value) const noexcept { BIO_free(value); }
};

trust_store::id_type digest_of(X509* one) {
  trust_store::id_type out{};
  unsigned size = 0;
  X509_digest(one, EVP_sha256(), out.data(), &size);
  return out;
}

}  // namespace

void trust_store::store_freer::operator()(X509_STORE* value) const noexcept { X509_STORE_free(value); }
void trust_store::names_freer::operator()(stack_st_X509_NAME* value) const noexcept {
  sk_X509_NAME_pop_free(value, X509_NAME_free);
}

trust_store::trust_store() : store_(X509_STORE_new()), names_(sk_X509_NAME_new_null()) {
  if (!store_ || !names_) throw std::bad_alloc();
  X509_STORE_set_flags(store_.get(), X509_V_FLAG_PARTIAL_CHAIN);
}

result<void> trust_store::add_pem(std::string_view text, std::vector<id_type>& digests) {
  const std::unique_ptr<BIO, bio_freer> from(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  ERR_clear_error();
  bool found = false;
  while (const x509_ptr one{PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr)}) {
    found = true;
    const id_type digest = digest_of(one.get());
    if (std::find(digests.begin(), digests.end(), digest) != digests.end()) continue;
    digests.push_back(digest);
    X509_STORE_add_cert(store_.get(), one.get());
    X509_NAME* name = X509_NAME_dup(X509_get_subject_name(one.get()));
    if (name == nullptr || sk_X509_NAME_push(names_.get(), name) == 0) throw std::bad_alloc();
  }
  // The loop ends with "no start line" at the end of the text; anything else is a damaged block.
  const int reason = ERR_GET_REASON(ERR_peek_last_error());
  ERR_clear_error();
  if (reason != PEM_R_NO_START_LINE) return error(errc::invalid_argument, "a damaged certificate in the PEM text");
  if (!found) return error(errc::invalid_argument, "no certificate in the PEM text");
  return {};
}

void trust_store::finish(std::vector<id_type> digests) {
  size_ = digests.size();
  if (size_ > names_max) names_.reset();
  std::sort(digests.begin(), digests.end());
  const auto* bytes = reinterpret_cast<const unsigned char*>(digests.data());
  SHA256(bytes, digests.size() * id_bytes, id_.data());
}

result<std::shared_ptr<const trust_store>> trust_store::create(std::span<const std::string> pem_texts,
                                                               bool system_cas) {
  std::shared_ptr<trust_store> out(new trust_store);
  std::vector<id_type> digests;
  for (const std::string& text : pem_texts)
    if (const auto added = out->add_pem(text, digests); !added) return added.error();
  if (system_cas) {
    // Read here and once, because OpenSSL's own look-up would read files during a handshake.
    const char* named = std::getenv(X509_get_default_cert_file_env());
    const std::string path = named != nullptr && *named != '\0' ? named : X509_get_default_cert_file();
    const auto text = read_file(path, system_bytes_max);
    if (!text) return error(errc::io, text.error().message()).at("the system's CAs cannot be read");
    const auto added = out->add_pem(*text, digests);
    if (!added) return error(errc::io, path + ": " + added.error().message()).at("the system's CAs cannot be read");
  }
  out->finish(std::move(digests));
  return std::shared_ptr<const trust_store>(std::move(out));
}

bool same_trust(const std::shared_ptr<const trust_store>& left,
                const std::shared_ptr<const trust_store>& right) noexcept {
  if (!left || !right) return left == right;
  return left->id() == right->id();
}

}  // namespace cardea::base
