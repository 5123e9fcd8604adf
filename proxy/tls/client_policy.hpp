#pragma once

#include "base/address.hpp"
#include "base/trust_store.hpp"
#include "proxy/net/socket.hpp"

#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>

namespace cardea::proxy::tls {

/// Server name -> who must vouch for the client: what a handshake asks.
///
/// Immutable once published. `find` neither blocks nor allocates.
class client_policies {
 public:
  virtual ~client_policies() = default;

  struct answer {
    bool known = false;                         ///< some host of ours goes by that name
    const base::trust_store* policy = nullptr;  ///< null: no certificate is asked for
  };
  /// The name is in lower case, empty without SNI. The answer is valid as long as this object is.
  [[nodiscard]] virtual answer find(std::string_view server_name) const noexcept = 0;
};

/// A policy's identity; of no policy all zeros.
using policy_id = base::trust_store::id_type;
[[nodiscard]] inline policy_id id_of(const base::trust_store* policy) noexcept {
  return policy != nullptr ? policy->id() : policy_id{};
}

/// What a session of a server_context knows from the ClientHello on. Outlives the session.
struct session_facts {
  const net::socket* socket = nullptr;          ///< tells where the client connected to
  const base::address* destination = nullptr;  ///< the same when a proxy in front of us told it
  std::string server_name;  ///< SNI in lower case, empty without
  policy_id policy{};       ///< under which the handshake was made
  bool proves_name = false;  ///< to a CA (RFC 8737): nothing may be said on such a connection (B64)
  bool is_stream = false;   ///< its bytes are passed on: hosts' policies and application protocols are not ours
};

/// SHA-256 of the whole certificate, in lower-case hexadecimal.
[[nodiscard]] std::string fingerprint_of(X509* certificate);

/// "X-SSL-Client-Verify: SUCCESS", with subject and fingerprint, each line ended by
/// CRLF, for a session whose client has proved who it is; empty otherwise. A
/// subject that is too long for a field is left out.
[[nodiscard]] std::string client_identity_fields(SSL* session);

}  // namespace cardea::proxy::tls
