#pragma once

#include "proxy/tls/hkdf.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace cardea::proxy::tls {

/// The key schedule of TLS 1.3 (RFC 8446 section 7.1) inside OpenSSL's handshake, computed by us.
///
/// OpenSSL asks its providers for every derivation, some two dozen in a handshake. Ours answers them without the
/// library's look-ups, locks and allocations, and without its key log, which prints each secret in hex first.

/// For SSL_CTX_new_ex: prefers our derivation to the library's, which is used where ours cannot be had. Any thread;
/// the first call installs it for the whole process.
[[nodiscard]] const char* key_schedule_query() noexcept;

/// Both application traffic secrets of one handshake. Wiped when they go.
class handshake_secrets {
 public:
  handshake_secrets() = default;
  handshake_secrets(const handshake_secrets&) = delete;
  handshake_secrets& operator=(const handshake_secrets&) = delete;
  ~handshake_secrets();

  /// Of TLS's labels, "c ap traffic" and "s ap traffic" are noted, others are not.
  void note(std::string_view label, octets secret) noexcept;
  /// Empty until it was derived.
  [[nodiscard]] octets client() const noexcept { return std::span(client_).first(client_bytes_); }
  [[nodiscard]] octets server() const noexcept { return std::span(server_).first(server_bytes_); }

 private:
  std::array<unsigned char, hash_bytes_max> client_{};
  std::array<unsigned char, hash_bytes_max> server_{};
  std::size_t client_bytes_ = 0;
  std::size_t server_bytes_ = 0;
};

/// While it lives, what this thread derives is noted there: put it around a step of one handshake.
class secret_listener {
 public:
  explicit secret_listener(handshake_secrets* into) noexcept;
  secret_listener(const secret_listener&) = delete;
  secret_listener& operator=(const secret_listener&) = delete;
  ~secret_listener();
};

}  // namespace cardea::proxy::tls
