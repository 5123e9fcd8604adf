#pragma once

#include "base/certificate_source.hpp"
#include "base/error.hpp"
#include "base/pending_challenges.hpp"
#include "config/sections/tls.hpp"
#include "proxy/tls/client_policy.hpp"
#include "proxy/tls/opened_certificates.hpp"
#include "proxy/tls/stream.hpp"
#include "proxy/tls/ticket_keys.hpp"

#include <openssl/types.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cardea::proxy::tls {

struct ssl_ctx_deleter {
  void operator()(SSL_CTX* value) const noexcept;
};
using ssl_ctx_ptr = std::unique_ptr<SSL_CTX, ssl_ctx_deleter>;

/// One worker's TLS policy towards clients: versions and ciphers as configured, the
/// certificate chosen in each handshake from the current snapshot by server name.
///
/// Belongs to its worker's thread.
class server_context {
 public:
  /// `certificates_open_max`: how many certificates are kept parsed; at least 1. Throws std::runtime_error
  /// when the library lacks what the options name.
  server_context(const config::tls_section& options, std::shared_ptr<const ticket_keys> tickets,
                 std::size_t certificates_open_max = 10'000);
  server_context(const server_context&) = delete;
  server_context& operator=(const server_context&) = delete;

  /// Handshakes from now on choose from `certificates`; those under way keep what they chose.
  void publish(base::certificate_snapshot certificates);

  /// What handshakes from now on are offered; REQUIRES: options that were read without an error.
  void apply(const config::tls_section& options);
  /// What tickets are sealed and opened with from now on.
  void publish(std::shared_ptr<const ticket_keys> tickets) noexcept { tickets_ = std::move(tickets); }
  /// Whose clients need a certificate, for handshakes from now on.
  void publish(std::shared_ptr<const client_policies> policies) noexcept { policies_ = std::move(policies); }

  /// Handshakes that only prove a name to a CA (tls-alpn-01, RFC 8737); null: none is expected.
  void publish_challenges(base::challenge_snapshot pending) noexcept { challenges_ = std::move(pending); }

  [[nodiscard]] bool equipped() const noexcept { return certificates_ != nullptr; }

  /// A session in accept state. `facts` is filled in by the ClientHello.
  [[nodiscard]] ssl_ptr make_session(session_facts& facts);

 private:
  static int read_hello(SSL* session, int* alert, void* self);
  static int seal_ticket(SSL* session, unsigned char* key_name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                         EVP_MAC_CTX* mac, int sealing);
  static int choose_certificate(SSL* session, void* self);
  /// Gives the session the best of these that can be served; false when there is none.
  [[nodiscard]] bool equip(SSL* session, std::span<const base::certificate_ptr> from);
  /// Whether the ClientHello is a CA's that gets its proof; nothing when that could not be prepared.
  [[nodiscard]] std::optional<bool> prepare_proof(SSL* session, std::string_view server_name) const;

  ssl_ctx_ptr context_;
  base::certificate_snapshot certificates_;
  opened_certificates opened_;
  std::shared_ptr<const client_policies> policies_;
  std::shared_ptr<const ticket_keys> tickets_;
  config::tls_section::stranger strangers_;
  base::challenge_snapshot challenges_;
};

/// Whether client and we agreed on HTTP/2 (ALPN).
[[nodiscard]] bool chose_http2(SSL* session) noexcept;

/// The server name a client sent (lower case as sent), or empty.
[[nodiscard]] std::string_view server_name_of(SSL* session) noexcept;

}  // namespace cardea::proxy::tls
