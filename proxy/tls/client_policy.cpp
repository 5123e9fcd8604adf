#include "proxy/tls/client_policy.hpp"

#include "base/text.hpp"

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <span>

namespace cardea::proxy::tls {
namespace {

// Beside a head of 64 KiB the buffer has room for 4 KiB of the proxy's own.
constexpr std::size_t subject_bytes_max = 1'024;

struct bio_freer {
  void operator()(BIO* value) const noexcept { BIO_free(value); }
};

// RFC 2253 with everything escaped that is not printable ASCII: it cannot end a field.
std::string subject_of(X509* leaf) {
  const std::unique_ptr<BIO, bio_freer> out(BIO_new(BIO_s_mem()));
  if (!out || X509_NAME_print_ex(out.get(), X509_get_subject_name(leaf), 0, XN_FLAG_RFC2253) < 0) return {};
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string{};
}

}  // namespace

std::string fingerprint_of(X509* leaf) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (X509_digest(leaf, EVP_sha256(), digest.data(), &size) != 1) return {};
  return base::hex(std::span<const unsigned char>(digest.data(), size));
}

std::string client_identity_fields(SSL* session) {
  X509* const leaf = SSL_get0_peer_certificate(session);
  if (leaf == nullptr || SSL_get_verify_result(session) != X509_V_OK) return {};
  std::string out("X-SSL-Client-Verify: SUCCESS\r\nX-SSL-Client-Fingerprint: ");
  out += fingerprint_of(leaf);
  out += "\r\n";
  const std::string subject = subject_of(leaf);
  if (!subject.empty() && subject.size() <= subject_bytes_max)
    out += "X-SSL-Client-Subject-DN: " + subject + "\r\n";
  return out;
}

}  // namespace cardea::proxy::tls
