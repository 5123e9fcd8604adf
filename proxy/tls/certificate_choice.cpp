#include "proxy/tls/certificate_choice.hpp"

#include "base/certificate.hpp"

#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>

namespace cardea::proxy::tls {
namespace {

// RFC 8446 section 4.2.3; what is not here is either too weak (SHA-1) or of no key of ours.
constexpr unsigned char rsa_signature = 1;
constexpr unsigned char ecdsa_signature = 3;
constexpr unsigned char sha256_hash = 4;
constexpr unsigned char sha512_hash = 6;
constexpr unsigned char new_scheme = 8;
constexpr unsigned char rsa_pss_rsae_first = 4;
constexpr unsigned char rsa_pss_rsae_last = 6;
constexpr unsigned char ed25519_scheme = 7;

void add_scheme(client_abilities& to, unsigned char signature, unsigned char hash, bool is_tls13) {
  if (hash == new_scheme) {
    to.rsa = to.rsa || (signature >= rsa_pss_rsae_first && signature <= rsa_pss_rsae_last);
    to.ed25519 = to.ed25519 || signature == ed25519_scheme;
    return;
  }
  if (hash < sha256_hash || hash > sha512_hash) return;
  if (signature == rsa_signature) to.rsa = to.rsa || !is_tls13;
  if (signature != ecdsa_signature) return;
  // TLS 1.3 binds each hash to a curve, 1.2 takes any with any.
  to.ec_p256 = to.ec_p256 || !is_tls13 || hash == sha256_hash;
  to.ec_p384 = to.ec_p384 || !is_tls13 || hash == sha256_hash + 1;
  to.ec_p521 = to.ec_p521 || !is_tls13 || hash == sha512_hash;
}

client_abilities abilities_by_schemes(SSL* session, bool is_tls13) {
  client_abilities out;
  unsigned char signature = 0;
  unsigned char hash = 0;
  const int count = SSL_get_sigalgs(session, 0, nullptr, nullptr, nullptr, &signature, &hash);
  if (count <= 0) return {true, true, true, false, true};
  for (int i = 0; i < count; ++i) {
    SSL_get_sigalgs(session, i, nullptr, nullptr, nullptr, &signature, &hash);
    add_scheme(out, signature, hash, is_tls13);
  }
  return out;
}

// Whether both sides have a suite of TLS 1.2 that is signed with such a key.
bool has_suite(SSL* session, int authentication) {
  const STACK_OF(SSL_CIPHER)* const theirs = SSL_get_client_ciphers(session);
  STACK_OF(SSL_CIPHER)* const ours = SSL_get_ciphers(session);
  for (int i = 0; i < sk_SSL_CIPHER_num(theirs); ++i) {
    const SSL_CIPHER* const each = sk_SSL_CIPHER_value(theirs, i);
    if (SSL_CIPHER_get_auth_nid(each) != authentication) continue;
    for (int k = 0; k < sk_SSL_CIPHER_num(ours); ++k)
      if (sk_SSL_CIPHER_value(ours, k) == each) return true;
  }
  return false;
}

// RFC 8422 section 5.1: the groups also say which curves a certificate may be on. No list is any curve.
bool has_curve(SSL* session, int curve) {
  constexpr int groups_max = 64;
  std::array<int, groups_max> groups;
  const int count = SSL_get1_groups(session, nullptr);
  if (count <= 0) return true;
  if (count > groups_max) return false;
  SSL_get1_groups(session, groups.data());
  return std::find(groups.begin(), groups.begin() + count, curve) != groups.begin() + count;
}

bool can_use(const client_abilities& client, base::key_kind kind) noexcept {
  switch (kind) {
    case base::key_kind::ec_p256:
      return client.ec_p256;
    case base::key_kind::ec_p384:
      return client.ec_p384;
    case base::key_kind::ec_p521:
      return client.ec_p521;
    case base::key_kind::ed25519:
      return client.ed25519;
    case base::key_kind::rsa:
      return client.rsa;
    case base::key_kind::other:
      return false;
  }
  return false;
}

}  // namespace

client_abilities abilities_of(SSL* session) {
  const bool is_tls13 = SSL_version(session) >= TLS1_3_VERSION;
  client_abilities out = abilities_by_schemes(session, is_tls13);
  if (is_tls13) return out;
  const bool has_ecdsa = has_suite(session, NID_auth_ecdsa);
  out.rsa = out.rsa && has_suite(session, NID_auth_rsa);
  out.ed25519 = out.ed25519 && has_ecdsa;
  out.ec_p256 = out.ec_p256 && has_ecdsa && has_curve(session, NID_X9_62_prime256v1);
  out.ec_p384 = out.ec_p384 && has_ecdsa && has_curve(session, NID_secp384r1);
  out.ec_p521 = out.ec_p521 && has_ecdsa && has_curve(session, NID_secp521r1);
  return out;
}

std::size_t choose(std::span<const base::certificate_ptr> from, const client_abilities& client,
                   base::wall_time now) noexcept {
  constexpr std::size_t considered_max = 16;  // a name that more than this many claim is a mistake
  std::size_t best = 0;
  int best_merit = -1;
  for (std::size_t i = 0; i < from.size() && i < considered_max; ++i) {
    const base::certificate& each = *from[i];
    const bool is_valid = each.not_before() <= now && now < each.not_after();
    const int merit = (can_use(client, each.kind()) ? 2 : 0) + (is_valid ? 1 : 0);
    if (merit > best_merit) {
      best = i;
      best_merit = merit;
    }
  }
  return best;
}

}  // namespace cardea::proxy::tls
