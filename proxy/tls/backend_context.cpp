#include "proxy/tls/backend_context.hpp"

#include "base/address.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace cardea::proxy::tls {

backend_context::backend_context() : context_(SSL_CTX_new(TLS_client_method())) {
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

ssl_ptr backend_context::make_session(const std::string& host, bool verify) {
  ssl_ptr session(SSL_new(context_.get()));
  if (!session) return session;
  SSL_set_connect_state(session.get());
  const bool is_address = base::address::from_parts(host, 0).has_value();
  // The macro for this casts in the old style.
  if (!is_address)
    SSL_ctrl(session.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(host.c_str()));
  if (verify) {
    X509_VERIFY_PARAM* expected = SSL_get0_param(session.get());
    const int named = is_address ? X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str())
                                 : X509_VERIFY_PARAM_set1_host(expected, host.data(), host.size());
    if (named != 1) return nullptr;
    SSL_set_verify(session.get(), SSL_VERIFY_PEER, nullptr);
  }
  return session;
}

}  // namespace cardea::proxy::tls
