#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace cardea::proxy::tls {

/// What TLS 1.3's cipher suites hash with (RFC 8446 appendix B.4).
enum class hash_function : std::uint8_t { sha256, sha384 };

/// Of its values.
[[nodiscard]] constexpr std::size_t hash_bytes(hash_function hash) noexcept {
  return hash == hash_function::sha384 ? 48 : 32;
}
inline constexpr std::size_t hash_bytes_max = 48;

using octets = std::span<const unsigned char>;

/// HKDF (RFC 5869) as TLS 1.3 uses it (RFC 8446 section 7.1). Allocates nothing after a thread's first call; any
/// thread. False when the library refuses, or when a size is none that the RFCs know; `out` is worth nothing then.

/// The hash of nothing, the context of labels that no messages belong to. Empty when the library refuses.
[[nodiscard]] octets hash_of_nothing(hash_function hash) noexcept;

/// HKDF-Extract; an empty salt stands for zeros. REQUIRES: `out` has the hash's size.
[[nodiscard]] bool hkdf_extract(hash_function hash, octets salt, octets input, std::span<unsigned char> out) noexcept;

/// HKDF-Expand-Label; `prefix` and `label` are 7 to 255 bytes together, `context` at most 255.
[[nodiscard]] bool hkdf_expand_label(hash_function hash, octets secret, std::string_view prefix, std::string_view label,
                                     octets context, std::span<unsigned char> out) noexcept;

inline constexpr std::string_view tls13_label_prefix = "tls13 ";

}  // namespace cardea::proxy::tls
