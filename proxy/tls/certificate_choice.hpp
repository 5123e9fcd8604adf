#pragma once

#include "base/certificate_source.hpp"
#include "base/clock.hpp"

#include <openssl/types.h>

#include <cstddef>
#include <span>

namespace cardea::proxy::tls {

/// The kinds of keys that a client verifies, by what its ClientHello says.
struct client_abilities {
  bool ec_p256 = false;
  bool ec_p384 = false;
  bool ec_p521 = false;
  bool ed25519 = false;
  bool rsa = false;
};

/// REQUIRES: called from the certificate callback, when the ClientHello has been read.
///
/// TLS 1.3: the signature algorithms (RFC 8446 section 4.2.3). TLS 1.2: those, the cipher suites that both
/// sides have, and the curves. A client that lists no algorithms is taken by its suites alone.
[[nodiscard]] client_abilities abilities_of(SSL* session);

/// Which of several certificates for one name is served: one that the client can use before one that it
/// cannot, then one that is valid now, then the first. REQUIRES: not empty.
[[nodiscard]] std::size_t choose(std::span<const base::certificate_ptr> from, const client_abilities& client,
                                 base::wall_time now) noexcept;

}  // namespace cardea::proxy::tls
