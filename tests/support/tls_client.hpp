#pragma once

#include "tests/support/byte_stream.hpp"
#include "tests/support/http_answer.hpp"
#include "tests/support/test_ca.hpp"

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>

namespace cardea::tests {

struct tls_session_freer {
  void operator()(SSL_SESSION* value) const noexcept;
};
using tls_session = std::unique_ptr<SSL_SESSION, tls_session_freer>;

struct tls_client_options {
  std::string server_name = "app.test";  ///< SNI; empty: none
  int version = 0;                       ///< TLS1_2_VERSION or TLS1_3_VERSION; 0: whatever both prefer
  SSL_SESSION* resume = nullptr;
  std::string protocols = {};  ///< ALPN, each name behind its length; empty: not offered
  const pem_pair* certificate = nullptr;  ///< the client's own
  std::string signature_algorithms = {};  ///< as OpenSSL writes them; empty: its own
  std::string ciphers = {};               ///< of TLS 1.2, likewise
  std::string ciphersuites = {};          ///< of TLS 1.3, likewise
  std::string groups = {};                ///< likewise
  int receive_bytes = 0;       ///< the socket's receive buffer; 0: the system's
};

/// A client of one connection to 127.0.0.1. It checks no certificate but shows it.
class tls_client {
 public:
  explicit tls_client(std::uint16_t port, const tls_client_options& options = {});
  /// Shakes hands on a connection on which something may have been sent already.
  tls_client(byte_stream connected, const tls_client_options& options);

  [[nodiscard]] bool connected() const noexcept { return connected_; }
  [[nodiscard]] byte_stream& stream() noexcept { return stream_; }

  bool send(std::string_view data) { return stream_.write(data); }
  [[nodiscard]] http_answer answer(bool to_head = false) { return read_answer(stream_, to_head); }
  /// Sends a request and reads its answer.
  [[nodiscard]] http_answer ask(std::string_view request) {
    send(request);
    return answer();
  }

  /// The certificate's dNSNames and serial number, as text.
  [[nodiscard]] std::string peer_names() const;
  [[nodiscard]] std::string peer_serial() const;
  /// What ALPN chose, or empty.
  [[nodiscard]] std::string protocol() const;
  [[nodiscard]] bool resumed() const noexcept;
  /// The newest session that may be resumed: with TLS 1.3 only after something was read.
  [[nodiscard]] tls_session session() const;

 private:
  byte_stream stream_;
  bool connected_ = false;
};

}  // namespace cardea::tests
