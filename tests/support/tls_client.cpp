#include "tests/support/tls_client.hpp"

#include "base/certificate.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace cardea::tests {
namespace {

SSL* connect_session(const tls_client_options& options) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (options.version != 0) {
    SSL_CTX_set_min_proto_version(context, options.version);
    SSL_CTX_set_max_proto_version(context, options.version);
  }
  const bool is_set =
      (options.signature_algorithms.empty() ||
       SSL_CTX_set1_sigalgs_list(context, options.signature_algorithms.c_str()) == 1) &&
      (options.ciphersuites.empty() || SSL_CTX_set_ciphersuites(context, options.ciphersuites.c_str()) == 1) &&
      (options.ciphers.empty() || SSL_CTX_set_cipher_list(context, options.ciphers.c_str()) == 1) &&
      (options.groups.empty() || SSL_CTX_set1_groups_list(context, options.groups.c_str()) == 1);
  EXPECT_TRUE(is_set) << options.signature_algorithms << ' ' << options.ciphers << ' ' << options.groups;
  SSL* session = SSL_new(context);
  SSL_CTX_free(context);
  if (options.certificate != nullptr) {
    const auto own = base::certificate::from_pem(options.certificate->certificate, options.certificate->key).value();
    SSL_use_certificate(session, own->leaf().get());
    SSL_use_PrivateKey(session, own->key().get());
  }
  SSL_set_mode(session, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (!options.server_name.empty())
    SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(options.server_name.c_str()));
  if (options.resume != nullptr) {
    // A copy: with TLS 1.3 OpenSSL marks a session as used up once a new ticket came.
    const tls_session copy(SSL_SESSION_dup(options.resume));
    SSL_set_session(session, copy.get());
  }
  if (!options.protocols.empty())
    SSL_set_alpn_protos(session, reinterpret_cast<const unsigned char*>(options.protocols.data()),
                        static_cast<unsigned>(options.protocols.size()));
  SSL_set_connect_state(session);
  return session;
}

}  // namespace

void tls_session_freer::operator()(SSL_SESSION* value) const noexcept { SSL_SESSION_free(value); }

tls_client::tls_client(std::uint16_t port, const tls_client_options& options)
    : tls_client(byte_stream::connect(port, options.receive_bytes), options) {}

tls_client::tls_client(byte_stream connected, const tls_client_options& options) : stream_(std::move(connected)) {
  connected_ = stream_.start_tls(connect_session(options));
}

std::string tls_client::peer_names() const {
  const base::x509_ptr leaf(SSL_get1_peer_certificate(const_cast<byte_stream&>(stream_).session()));
  if (!leaf) return {};
  auto* names =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf.get(), NID_subject_alt_name, nullptr, nullptr));
  std::string out;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const ASN1_IA5STRING* name = sk_GENERAL_NAME_value(names, i)->d.dNSName;
    if (i > 0) out += ' ';
    out.append(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name)),
               static_cast<std::size_t>(ASN1_STRING_length(name)));
  }
  GENERAL_NAMES_free(names);
  return out;
}

std::string tls_client::peer_serial() const {
  const base::x509_ptr leaf(SSL_get1_peer_certificate(const_cast<byte_stream&>(stream_).session()));
  if (!leaf) return {};
  const ASN1_INTEGER* serial = X509_get0_serialNumber(leaf.get());
  std::uint64_t number = 0;
  ASN1_INTEGER_get_uint64(&number, serial);
  return std::to_string(number);
}

std::string tls_client::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(const_cast<byte_stream&>(stream_).session(), &name, &size);
  return name == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(name), size);
}

bool tls_client::resumed() const noexcept {
  return SSL_session_reused(const_cast<byte_stream&>(stream_).session()) == 1;
}

tls_session tls_client::session() const {
  return tls_session(SSL_get1_session(const_cast<byte_stream&>(stream_).session()));
}

}  // namespace cardea::tests
