#include "proxy/tls/server_context.hpp"

#include "base/certificate.hpp"
#include "base/tls_names.hpp"
#include "proxy/tls/certificate_choice.hpp"
#include "proxy/tls/cipher_preference.hpp"
#include "proxy/tls/client_hello.hpp"
#include "proxy/tls/key_schedule.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>

namespace cardea::proxy::tls {
namespace {

// A session is not older than this: its ticket says so to the client, and is refused later.
constexpr long session_seconds_max = 24 * 60 * 60;

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& each : names) out += (out.empty() ? "" : ":") + each;
  return out;
}

int facts_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

session_facts& facts_of(SSL* session) noexcept {
  return *static_cast<session_facts*>(SSL_get_ex_data(session, facts_index()));
}

// ALPN: HTTP/2 before HTTP/1.1. A client that offers none of ours is refused rather than
// served something that it did not ask for (V11).
int choose_protocol(SSL* session, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  if (facts_of(session).proves_name) {
    *out = offered + 1;  // the only entry
    *out_size = offered[0];
    return SSL_TLSEXT_ERR_OK;
  }
  if (facts_of(session).is_stream) return SSL_TLSEXT_ERR_NOACK;
  static constexpr unsigned char ours[] = "\x02h2\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, ours, sizeof ours - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// What a ticket was made under: the policy, then the server name.
std::string ticket_mark(const session_facts& facts) {
  std::string out(reinterpret_cast<const char*>(facts.policy.data()), facts.policy.size());
  out += facts.server_name;
  return out;
}

int mark_ticket(SSL* session, void*) {
  const std::string mark = ticket_mark(facts_of(session));
  return SSL_SESSION_set1_ticket_appdata(SSL_get_session(session), mark.data(), mark.size());
}

bool has_expired(X509* client) noexcept {
  return client != nullptr && X509_cmp_current_time(X509_get0_notAfter(client)) < 0;
}

// A ticket is worth what was proved when it was made: for another name, under another
// policy (V04), or with a certificate that ended meanwhile, the handshake is made anew.
SSL_TICKET_RETURN judge_ticket(SSL* session, SSL_SESSION* offered, const unsigned char*, std::size_t,
                               SSL_TICKET_STATUS status, void*) {
  if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) return SSL_TICKET_RETURN_IGNORE_RENEW;
  void* data = nullptr;
  std::size_t size = 0;
  const std::string wanted = ticket_mark(facts_of(session));
  const bool same = SSL_SESSION_get0_ticket_appdata(offered, &data, &size) == 1 && size == wanted.size() &&
                    std::memcmp(data, wanted.data(), size) == 0;
  if (!same || has_expired(SSL_SESSION_get0_peer(offered))) return SSL_TICKET_RETURN_IGNORE_RENEW;
  return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

// What the callback returns so that OpenSSL sends the alert, or stops without a word.
int refuse_stranger(config::tls_section::stranger how, int* alert) noexcept {
  *alert = SSL_AD_UNRECOGNIZED_NAME;
  return how == config::tls_section::stranger::alert ? SSL_CLIENT_HELLO_ERROR : SSL_CLIENT_HELLO_RETRY;
}

bool begin_sealing(const ticket_key& key, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, unsigned char* iv, bool sealing) {
  static const EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
  char digest[] = "SHA256";
  const OSSL_PARAM with[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<unsigned char*>(key.mac.data()), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
  if (sealing && RAND_bytes(iv, EVP_CIPHER_get_iv_length(algorithm)) != 1) return false;
  return EVP_CipherInit_ex2(cipher, algorithm, key.cipher.data(), iv, sealing ? 1 : 0, nullptr) == 1 &&
         EVP_MAC_CTX_set_params(mac, with) == 1;
}

bool demand_certificate(SSL* session, const base::trust_store& from) {
  if (SSL_set1_verify_cert_store(session, from.store()) != 1) return false;
  if (from.names() != nullptr) SSL_set0_CA_list(session, SSL_dup_CA_list(from.names()));
  SSL_set_verify(session, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return true;
}

// What the CA says about the certificate, for a client that asks for it (RFC 6066 section 8), while it holds.
void show_staple(SSL* session, const base::certificate& of) {
  const base::ocsp_staple* const staple = of.staple();
  if (staple == nullptr || SSL_get_tlsext_status_type(session) != TLSEXT_STATUSTYPE_ocsp) return;
  if (staple->until <= std::chrono::system_clock::now()) return;
  void* const copy = OPENSSL_memdup(staple->der.data(), staple->der.size());
  if (copy != nullptr) SSL_set_tlsext_status_ocsp_resp(session, copy, static_cast<long>(staple->der.size()));
}

// Asked after the certificate was chosen: with a response of ours, or not at all.
int confirm_staple(SSL* session, void*) {
  const unsigned char* response = nullptr;
  return SSL_get_tlsext_status_ocsp_resp(session, &response) > 0 ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

// For a client that sends no name, as every one that was given an address: what it connected to.
std::string host_reached(const session_facts& facts) {
  if (facts.destination != nullptr) return facts.destination->host();
  return facts.socket != nullptr ? facts.socket->local_address().host() : std::string();
}

}  // namespace

void ssl_ctx_deleter::operator()(SSL_CTX* value) const noexcept { SSL_CTX_free(value); }

server_context::server_context(const config::tls_section& options, std::shared_ptr<const ticket_keys> tickets,
                               std::size_t certificates_open_max)
    : context_(SSL_CTX_new_ex(nullptr, key_schedule_query(), TLS_server_method())),
      opened_(certificates_open_max),
      tickets_(std::move(tickets)) {
  SSL_CTX* context = context_.get();
  if (context == nullptr) throw std::runtime_error("cannot create a TLS context");
  SSL_CTX_set_app_data(context, this);
  // Our order counts, unless the client's best is ChaCha20: then it has no AES instructions.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  apply(options);
  // One read system call for a whole record instead of one for its header and one for the rest.
  SSL_CTX_set_read_ahead(context, 1);
  // Stateless tickets only: a session cache would be a lock and memory for each client.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_timeout(context, session_seconds_max);
  SSL_CTX_set_session_ticket_cb(context, mark_ticket, judge_ticket, nullptr);
  SSL_CTX_set_client_hello_cb(context, read_hello, this);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, seal_ticket);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_cert_cb(context, choose_certificate, this);
  SSL_CTX_callback_ctrl(context, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB,
                        reinterpret_cast<void (*)()>(confirm_staple));  // the macro for it casts the old way
}

void server_context::apply(const config::tls_section& options) {
  SSL_CTX* context = context_.get();
  const bool only13 = options.min_version == config::tls_section::version::tls13;
  SSL_CTX_set_min_proto_version(context, only13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  const bool fast_aes = has_aes_instructions();
  const std::string ciphers = options.ciphers.empty() ? default_ciphers(fast_aes) : joined(options.ciphers);
  const std::string groups =
      options.curves.empty() ? default_groups(base::has_post_quantum_group()) : joined(options.curves);
  const std::string suites = options.ciphersuites.empty() ? default_ciphersuites(fast_aes) : joined(options.ciphersuites);
  if (SSL_CTX_set_cipher_list(context, ciphers.c_str()) != 1 || SSL_CTX_set1_groups_list(context, groups.c_str()) != 1 ||
      SSL_CTX_set_ciphersuites(context, suites.c_str()) != 1)
    throw std::runtime_error("this OpenSSL lacks the required ciphers or curves");
  strangers_ = options.unknown_server_name;
}

ssl_ptr server_context::make_session(session_facts& facts) {
  ssl_ptr session(SSL_new(context_.get()));
  if (!session || SSL_set_ex_data(session.get(), facts_index(), &facts) != 1) return nullptr;
  SSL_set_accept_state(session.get());
  return session;
}

// Before OpenSSL looks at a ticket: a CA must not resume, and what is not exactly a CA's handshake goes on as
// any other (B63, B64).
std::optional<bool> server_context::prepare_proof(SSL* session, std::string_view server_name) const {
  if (challenges_ == nullptr || !challenges_->has_tls_alpn01() || !asks_for_acme_proof(session)) return false;
  const base::certificate* const proof = challenges_->find_tls_alpn01(server_name);
  if (proof == nullptr) return false;
  const base::x509_ptr leaf = proof->leaf();
  const base::key_ptr key = proof->key();
  if (!leaf || !key || SSL_use_certificate(session, leaf.get()) != 1 || SSL_use_PrivateKey(session, key.get()) != 1)
    return std::nullopt;
  SSL_set_options(session, SSL_OP_NO_TICKET);
  SSL_set_num_tickets(session, 0);
  return true;
}

// Before OpenSSL looks at a ticket: the policy is part of a session's identity, which decides
// whether it may be resumed at all.
int server_context::read_hello(SSL* session, int* alert, void* self) {
  const server_context& own = *static_cast<server_context*>(self);
  session_facts& facts = facts_of(session);
  auto name = server_name_in_hello(session);
  if (!name) {
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_CLIENT_HELLO_ERROR;
  }
  facts.server_name = std::move(*name);
  const auto proves = own.prepare_proof(session, facts.server_name);
  facts.proves_name = proves.value_or(false);
  if (facts.proves_name) return SSL_CLIENT_HELLO_SUCCESS;  // a CA has no certificate of its own to show
  if (!proves) {
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_CLIENT_HELLO_ERROR;
  }
  const client_policies::answer found =
      own.policies_ ? own.policies_->find(facts.server_name) : client_policies::answer{};
  // A CA that looks for its proof asks for no host of ours, and gets nothing but the proof.
  const bool is_validation = asks_for_acme_proof(session);
  const bool is_free = is_validation || facts.is_stream;
  if (!found.known && !is_free && own.strangers_ != config::tls_section::stranger::default_certificate)
    return refuse_stranger(own.strangers_, alert);
  const base::trust_store* policy = is_free ? nullptr : found.policy;
  facts.policy = id_of(policy);
  const bool ready = SSL_set_session_id_context(session, facts.policy.data(), facts.policy.size()) == 1 &&
                     (policy == nullptr || demand_certificate(session, *policy));
  if (ready) return SSL_CLIENT_HELLO_SUCCESS;
  *alert = SSL_AD_INTERNAL_ERROR;
  return SSL_CLIENT_HELLO_ERROR;
}

// What OpenSSL expects: 1 used, 2 opened and a new ticket is due, 0 no key, -1 failed.
int server_context::seal_ticket(SSL* session, unsigned char* key_name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                                EVP_MAC_CTX* mac, int sealing) {
  const auto& self = *static_cast<server_context*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(session)));
  const ticket_key& current = self.tickets_->current();
  if (sealing == 1) {
    std::copy(current.name.begin(), current.name.end(), key_name);
    return begin_sealing(current, cipher, mac, iv, true) ? 1 : -1;
  }
  const ticket_key* key = self.tickets_->find(std::span<const unsigned char, 16>(key_name, 16));
  if (key == nullptr) return 0;
  if (!begin_sealing(*key, cipher, mac, iv, false)) return -1;
  // A TLS 1.3 client uses a ticket once (RFC 8446 appendix C.4), so it gets another. That one also carries the
  // acknowledgement without which a client that waits for it would hold its request back.
  return key == &current && SSL_version(session) != TLS1_3_VERSION ? 1 : 2;
}

void server_context::publish(base::certificate_snapshot certificates) {
  certificates_ = std::move(certificates);
  opened_.close_replaced();
}

bool server_context::equip(SSL* session, std::span<const base::certificate_ptr> from) {
  const auto offer = [&](const base::certificate_ptr& which) {
    const base::opened_certificate* const opened = opened_.open(which);
    if (opened == nullptr) return false;
    SSL_certs_clear(session);
    if (SSL_use_certificate(session, opened->leaf.get()) != 1 || SSL_use_PrivateKey(session, opened->key.get()) != 1)
      return false;
    for (const base::x509_ptr& each : which->intermediates())
      if (SSL_add1_chain_cert(session, each.get()) != 1) return false;
    show_staple(session, *which);
    return true;
  };
  if (from.empty()) return false;
  const std::size_t best =
      from.size() == 1 ? 0 : choose(from, abilities_of(session), std::chrono::system_clock::now());
  if (offer(from[best])) return true;
  for (std::size_t i = 0; i < from.size(); ++i)
    if (i != best && offer(from[i])) return true;
  return false;
}

int server_context::choose_certificate(SSL* session, void* self) {
  const session_facts& facts = facts_of(session);
  if (facts.proves_name) return 1;
  auto& own = *static_cast<server_context*>(self);
  if (!own.certificates_) return 0;  // handshake_failure
  const std::string_view name = server_name_of(session);
  if (own.equip(session, own.certificates_->find(name.empty() ? host_reached(facts) : std::string(name)))) return 1;
  return own.equip(session, own.certificates_->find({})) ? 1 : 0;
}

bool chose_http2(SSL* session) noexcept {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(session, &name, &size);
  return size == 2 && name[0] == 'h' && name[1] == '2';
}

std::string_view server_name_of(SSL* session) noexcept {
  const char* name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
  return name != nullptr ? std::string_view(name) : std::string_view{};
}

}  // namespace cardea::proxy::tls
