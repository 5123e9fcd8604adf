#pragma once

#include "base/certificate_source.hpp"
#include "base/error.hpp"
#include "proxy/tls/client_policy.hpp"
#include "proxy/tls/stream.hpp"

#include <openssl/types.h>

#include <array>
#include <memory>
#include <string_view>

namespace cardea::proxy::tls {

struct ssl_ctx_deleter {
  void operator()(SSL_CTX* value) const noexcept;
};
using ssl_ctx_ptr = std::unique_ptr<SSL_CTX, ssl_ctx_deleter>;

/// Secrets that seal session tickets; made in memory, shared by all workers so
/// that a session resumes on any of them.
class ticket_keys {
 public:
  ticket_keys();
  ~ticket_keys();
  ticket_keys(const ticket_keys&) = delete;
  ticket_keys& operator=(const ticket_keys&) = delete;
  [[nodiscard]] std::array<unsigned char, 80>& bytes() noexcept { return bytes_; }

 private:
  std::array<unsigned char, 80> bytes_{};
};

/// One worker's TLS policy towards clients: TLS 1.2 and 1.3, the certificate
/// chosen in each handshake from the current snapshot by server name.
///
/// Belongs to its worker's thread.
class server_context {
 public:
  explicit server_context(ticket_keys& tickets);
  server_context(const server_context&) = delete;
  server_context& operator=(const server_context&) = delete;

  /// Handshakes from now on choose from `certificates`; those under way keep what they chose.
  void publish(base::certificate_snapshot certificates) noexcept { certificates_ = std::move(certificates); }

  /// Whose clients need a certificate, for handshakes from now on.
  void publish(std::shared_ptr<const client_policies> policies) noexcept { policies_ = std::move(policies); }

  [[nodiscard]] bool equipped() const noexcept { return certificates_ != nullptr; }

  /// A session in accept state. `facts` is filled in by the ClientHello.
  [[nodiscard]] ssl_ptr make_session(session_facts& facts);

 private:
  static int read_hello(SSL* session, int* alert, void* self);
  static int choose_certificate(SSL* session, void* self);

  ssl_ctx_ptr context_;
  base::certificate_snapshot certificates_;
  std::shared_ptr<const client_policies> policies_;
};

/// The server name a client sent (lower case as sent), or empty.
[[nodiscard]] std::string_view server_name_of(SSL* session) noexcept;

}  // namespace cardea::proxy::tls
