#include "proxy/tls/backend_context.hpp"

#include "base/address.hpp"
#include "base/text.hpp"
#include "proxy/tls/client_policy.hpp"
#include "proxy/tls/key_schedule.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace cardea::proxy::tls {

namespace {

constexpr std::string_view both_versions("\x02h2\x08http/1.1", 12);

int number_of(backend_options::version value) noexcept {
  return value == backend_options::version::tls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

bool show(SSL* session, const base::certificate& own) {
  const auto opened = own.open();
  if (!opened || SSL_use_certificate(session, opened->leaf.get()) != 1 ||
      SSL_use_PrivateKey(session, opened->key.get()) != 1)
    return false;
  for (const base::x509_ptr& each : own.intermediates())
    if (SSL_add1_chain_cert(session, each.get()) != 1) return false;
  return true;
}

}  // namespace

// Each part is led by its length, so that no two sets of options read alike.
std::string backend_options::key() const {
  std::string out(verify ? "verified " : "unverified ");
  out += std::to_string(name.size()) + ' ' + name + (send_name ? " sni" : " no-sni");
  out += ' ' + std::to_string(number_of(min_version)) + '-' + std::to_string(number_of(max_version));
  if (!offer_http2) out += " http/1.1";
  if (trusted) out += " ca " + base::hex(trusted->id());
  if (certificate) out += " own " + fingerprint_of(certificate->leaf().get());
  return out;
}

backend_context::backend_context() : context_(SSL_CTX_new_ex(nullptr, key_schedule_query(), TLS_client_method())) {
  SSL_CTX* context = context_.get();
  if (context == nullptr) throw std::runtime_error("cannot create a TLS context");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
  // Without readable system CAs every verified backend fails, which is the safe outcome.
  SSL_CTX_set_default_verify_paths(context);
}

ssl_ptr backend_context::make_session(const backend_options& options, bool offer_http2) {
  ssl_ptr session(SSL_new(context_.get()));
  if (!session) return session;
  SSL* const raw = session.get();
  SSL_set_connect_state(raw);
  SSL_set_min_proto_version(raw, number_of(options.min_version));
  SSL_set_max_proto_version(raw, number_of(options.max_version));
  const bool is_address = base::address::from_parts(options.name, 0).has_value();
  // The macro for this casts in the old style.
  if (options.send_name && !is_address)
    SSL_ctrl(raw, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(options.name.c_str()));
  const auto* const offered = reinterpret_cast<const unsigned char*>(both_versions.data());
  // Unlike its siblings this one says 0 for success.
  if (offer_http2 && SSL_set_alpn_protos(raw, offered, static_cast<unsigned>(both_versions.size())) != 0) return nullptr;
  if (options.certificate && !show(raw, *options.certificate)) return nullptr;
  if (options.verify) {
    X509_VERIFY_PARAM* expected = SSL_get0_param(raw);
    const int named = is_address ? X509_VERIFY_PARAM_set1_ip_asc(expected, options.name.c_str())
                                 : X509_VERIFY_PARAM_set1_host(expected, options.name.data(), options.name.size());
    if (named != 1) return nullptr;
    if (options.trusted && SSL_set1_verify_cert_store(raw, options.trusted->store()) != 1) return nullptr;
    SSL_set_verify(raw, SSL_VERIFY_PEER, nullptr);
  }
  return session;
}

}  // namespace cardea::proxy::tls
