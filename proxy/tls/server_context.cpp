#include "proxy/tls/server_context.hpp"

#include "base/certificate.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <stdexcept>

namespace cardea::proxy::tls {
namespace {

constexpr std::string_view session_context = "cardea";
// TLS 1.2 as in Mozilla's "intermediate" recommendation; 1.3 suites are all sound.
constexpr const char* tls12_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* curves = "X25519:P-256:P-384";

// ALPN: HTTP/1.1 only. A client that offers none of ours is refused rather than
// served something that it did not ask for (V11).
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  static constexpr unsigned char ours[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, ours, sizeof ours - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

void ssl_ctx_deleter::operator()(SSL_CTX* value) const noexcept { SSL_CTX_free(value); }

ticket_keys::ticket_keys() {
  if (RAND_bytes(bytes_.data(), static_cast<int>(bytes_.size())) != 1)
    throw std::runtime_error("no random bytes for the session ticket keys");
}
ticket_keys::~ticket_keys() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

server_context::server_context(ticket_keys& tickets) : context_(SSL_CTX_new(TLS_server_method())) {
  SSL_CTX* context = context_.get();
  if (context == nullptr) throw std::runtime_error("cannot create a TLS context");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (SSL_CTX_set_cipher_list(context, tls12_ciphers) != 1 || SSL_CTX_set1_groups_list(context, curves) != 1)
    throw std::runtime_error("this OpenSSL lacks the required ciphers or curves");
  // One read system call for a whole record instead of one for its header and one for the rest.
  SSL_CTX_set_read_ahead(context, 1);
  // Stateless tickets only: a session cache would be a lock and memory for each client.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(session_context.data()),
                                 session_context.size());
  SSL_CTX_set_tlsext_ticket_keys(context, tickets.bytes().data(), static_cast<long>(tickets.bytes().size()));
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_cert_cb(context, choose_certificate, this);
  // Not for a file: the stream goes on with the secrets when the handshake is done.
  SSL_CTX_set_keylog_callback(context, stream::note_secret);
}

ssl_ptr server_context::make_session() {
  ssl_ptr session(SSL_new(context_.get()));
  if (session) SSL_set_accept_state(session.get());
  return session;
}

int server_context::choose_certificate(SSL* session, void* self) {
  const auto& snapshot = static_cast<server_context*>(self)->certificates_;
  const base::certificate* chosen = snapshot ? snapshot->find(server_name_of(session)) : nullptr;
  if (chosen == nullptr) return 0;  // handshake_failure
  SSL_certs_clear(session);
  if (SSL_use_certificate(session, chosen->leaf()) != 1 || SSL_use_PrivateKey(session, chosen->key()) != 1) return 0;
  for (std::size_t i = 1; i < chosen->chain().size(); ++i)
    if (SSL_add1_chain_cert(session, chosen->chain()[i].get()) != 1) return 0;
  return 1;
}

std::string_view server_name_of(SSL* session) noexcept {
  const char* name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
  return name != nullptr ? std::string_view(name) : std::string_view{};
}

}  // namespace cardea::proxy::tls
