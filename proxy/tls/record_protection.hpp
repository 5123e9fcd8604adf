#pragma once

#include "proxy/tls/traffic_secret.hpp"

#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace cardea::proxy::tls {

/// What a record carries (RFC 8446 section 5.1).
enum class content_type : std::uint8_t { alert = 21, handshake = 22, application_data = 23 };

inline constexpr std::size_t record_header_bytes = 5;
inline constexpr std::size_t record_plaintext_max = 16 * 1024;
/// Of the ciphertext behind the header (section 5.2).
inline constexpr std::size_t record_ciphertext_max = record_plaintext_max + 256;
/// What a record is longer than its plaintext: header, content type, tag.
inline constexpr std::size_t record_overhead = record_header_bytes + 1 + 16;

/// Protects the records of one direction (RFC 8446 section 5.2): one key, one counter.
///
/// No input or output. The cipher's state (about a kilobyte) is made at the
/// first use and may be put away in between; what stays is the secret.
class record_protection {
 public:
  /// `first_record`: how many were protected with this secret before.
  record_protection(const traffic_secret& secret, std::uint64_t first_record) noexcept;
  record_protection(const record_protection&) = delete;
  record_protection& operator=(const record_protection&) = delete;
  ~record_protection();

  /// Seals at most record_plaintext_max bytes into `out`, which has room for
  /// record_overhead more; its size, or 0 when the library fails.
  [[nodiscard]] std::size_t seal(content_type type, std::span<const std::string_view> pieces, char* out) noexcept;

  struct opened {
    content_type type;
    std::size_t bytes;  ///< of plaintext in `out`
  };
  /// Opens a whole record. `out` has room for its ciphertext without the tag, and may be the
  /// record's own body. Nothing when it was not made with our key, in this order.
  [[nodiscard]] std::optional<opened> open(std::string_view record, char* out) noexcept;

  /// Goes on with the next generation of the secret (section 7.2).
  [[nodiscard]] bool advance() noexcept;
  /// Records under one key should stay below this (section 5.5).
  [[nodiscard]] bool is_worn() const noexcept { return counter_ >= records_max; }
  /// Puts the cipher's state away until the next record.
  void rest() noexcept { cipher_.reset(); }

 private:
  // 2^24.5 full records is the bound for AES-GCM: a key update well before it costs nothing.
  static constexpr std::uint64_t records_max = std::uint64_t{1} << 23;
  static constexpr std::size_t iv_bytes = 12;
  static constexpr std::size_t key_bytes_max = 32;

  struct cipher_deleter {
    void operator()(EVP_CIPHER_CTX* value) const noexcept;
  };

  void derive() noexcept;
  [[nodiscard]] bool begin(bool sealing) noexcept;

  traffic_secret secret_;
  std::uint64_t counter_;
  std::array<unsigned char, key_bytes_max> key_{};
  std::array<unsigned char, iv_bytes> iv_{};
  bool derived_ = false;
  std::unique_ptr<EVP_CIPHER_CTX, cipher_deleter> cipher_;
};

}  // namespace cardea::proxy::tls
