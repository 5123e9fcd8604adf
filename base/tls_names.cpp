#include "base/tls_names.hpp"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/ssl.h>

#include <memory>
#include <new>

namespace cardea::base {
namespace {

struct context_freer {
  void operator()(SSL_CTX* value) const noexcept { SSL_CTX_free(value); }
};
using context_ptr = std::unique_ptr<SSL_CTX, context_freer>;

context_ptr new_context() {
  context_ptr out(SSL_CTX_new(TLS_server_method()));
  if (!out) throw std::bad_alloc();
  return out;
}

const SSL_CIPHER* named(SSL_CTX* context, const std::string& name) {
  const STACK_OF(SSL_CIPHER)* all = SSL_CTX_get_ciphers(context);
  for (int i = 0; i < sk_SSL_CIPHER_num(all); ++i) {
    const SSL_CIPHER* each = sk_SSL_CIPHER_value(all, i);
    if (name == SSL_CIPHER_get_name(each)) return each;
  }
  return nullptr;
}

bool is_strong(const SSL_CIPHER* cipher) {
  const int exchange = SSL_CIPHER_get_kx_nid(cipher);
  const int proof = SSL_CIPHER_get_auth_nid(cipher);
  return (exchange == NID_kx_ecdhe || exchange == NID_kx_dhe) &&
         (proof == NID_auth_rsa || proof == NID_auth_ecdsa) && SSL_CIPHER_get_bits(cipher, nullptr) >= 128;
}

bool is_name(const std::string& text) {
  return !text.empty() && text.find_first_of(":,;+!@ ") == std::string::npos && text.front() != '-';
}

}  // namespace

tls_name judge_tls12_cipher(const std::string& name) {
  if (!is_name(name)) return tls_name::unknown;
  const context_ptr context = new_context();
  SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
  // Level 0, to say of what is weak that it is weak.
  const bool known = SSL_CTX_set_cipher_list(context.get(), (name + ":@SECLEVEL=0").c_str()) == 1;
  ERR_clear_error();
  const SSL_CIPHER* cipher = known ? named(context.get(), name) : nullptr;
  if (cipher == nullptr) return tls_name::unknown;
  return is_strong(cipher) ? tls_name::usable : tls_name::weak;
}

tls_name judge_tls13_ciphersuite(const std::string& name) {
  if (!is_name(name)) return tls_name::unknown;
  const context_ptr context = new_context();
  const bool known = SSL_CTX_set_ciphersuites(context.get(), name.c_str()) == 1;
  ERR_clear_error();
  // A name that is none is passed over rather than refused.
  return known && named(context.get(), name) != nullptr ? tls_name::usable : tls_name::unknown;
}

tls_name judge_tls_group(const std::string& name) {
  if (!is_name(name)) return tls_name::unknown;
  const context_ptr context = new_context();
  const bool known = SSL_CTX_set1_groups_list(context.get(), name.c_str()) == 1;
  ERR_clear_error();
  return known ? tls_name::usable : tls_name::unknown;
}

bool has_post_quantum_group() {
  static const bool found = judge_tls_group(std::string(post_quantum_group)) == tls_name::usable;
  return found;
}

}  // namespace cardea::base
