#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace cardea::bench {

struct ssl_deleter {
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};
using context_ptr = std::unique_ptr<SSL_CTX, ssl_deleter>;
using session_ptr = std::unique_ptr<SSL_SESSION, ssl_deleter>;

/// A context for clients that trust everybody; keeps the latest session of each socket.
[[nodiscard]] context_ptr make_client_context();

/// One TLS connection of a load to 127.0.0.1, without waiting: its owner calls again at each edge
/// of its descriptor. Does not move: OpenSSL knows its address.
class tls_socket {
 public:
  tls_socket() = default;
  tls_socket(const tls_socket&) = delete;
  tls_socket& operator=(const tls_socket&) = delete;
  ~tls_socket() { close(); }

  enum class outcome : std::uint8_t { pending, done, failed };

  /// Begins to connect and registers with `epoll`, both directions, by edges; `mark` comes back with
  /// them. `resumes`: with the latest session that this socket was given, if any. `source`: which address
  /// of the loopback it comes from, below 65,000: proxies count the connections of one address.
  [[nodiscard]] bool open(SSL_CTX* context, int epoll, std::uint16_t port, const std::string& name, void* mark,
                          bool resumes = false, std::uint32_t source = 0);
  [[nodiscard]] outcome handshake() noexcept;
  /// Sends it now, or as much as goes, and the rest at the next `flush`.
  [[nodiscard]] bool write(std::string_view bytes);
  [[nodiscard]] bool flush() noexcept;
  /// Bytes read; 0: none now; below 0: the end, orderly or not.
  [[nodiscard]] std::ptrdiff_t read(char* out, std::size_t size) noexcept;
  void close() noexcept;

  [[nodiscard]] bool is_open() const noexcept { return ssl_ != nullptr; }
  [[nodiscard]] bool was_resumed() const noexcept { return SSL_session_reused(ssl_.get()) == 1; }
  void keep(SSL_SESSION* session) noexcept { session_.reset(session); }

 private:
  std::unique_ptr<SSL, ssl_deleter> ssl_;
  session_ptr session_;
  std::string unsent_;
  int socket_ = -1;
};

}  // namespace cardea::bench
