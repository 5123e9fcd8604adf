#pragma once

#include "proxy/tls/hkdf.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cardea::proxy::tls {

/// The cipher suites of TLS 1.3 that records can be protected with (RFC 8446 appendix B.4).
enum class cipher_suite : std::uint8_t { aes_128_gcm_sha256, aes_256_gcm_sha384, chacha20_poly1305_sha256 };

/// By its number in the protocol (0x1301 ...); nothing for every other one.
[[nodiscard]] std::optional<cipher_suite> cipher_suite_of(std::uint16_t number) noexcept;

/// An application traffic secret of one direction (RFC 8446 section 7.1). Wiped when it goes.
class traffic_secret {
 public:
  /// REQUIRES: as many bytes as the suite's hash has.
  traffic_secret(cipher_suite suite, octets bytes) noexcept;
  traffic_secret(const traffic_secret&) noexcept = default;
  traffic_secret& operator=(const traffic_secret&) noexcept = default;
  ~traffic_secret();

  [[nodiscard]] cipher_suite suite() const noexcept { return suite_; }
  /// HKDF-Expand-Label with an empty context (section 7.1); false when the library refuses.
  [[nodiscard]] bool expand(std::string_view label, std::span<unsigned char> out) const noexcept;
  /// The next generation (section 7.2); false when the library refuses.
  [[nodiscard]] bool advance() noexcept;

 private:
  cipher_suite suite_;
  std::array<unsigned char, hash_bytes_max> bytes_{};
};

/// Whose values have the size of the suite's secrets.
[[nodiscard]] hash_function hash_of(cipher_suite suite) noexcept;

}  // namespace cardea::proxy::tls
