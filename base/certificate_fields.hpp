#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::base {

/// What a certificate's key signs with: decides which clients can use it.
enum class key_kind : std::uint8_t { ec_p256, ec_p384, ec_p521, ed25519, rsa, other };

[[nodiscard]] constexpr bool is_ecdsa(key_kind kind) noexcept {
  return kind == key_kind::ec_p256 || kind == key_kind::ec_p384 || kind == key_kind::ec_p521;
}

/// What a server has to know of a certificate to choose it, read from its DER
/// (RFC 5280) without OpenSSL, whose parser takes a hundred times as long.
///
/// The views point into the DER. Nothing here is verified.
struct certificate_fields {
  key_kind kind = key_kind::other;
  wall_time not_before;
  wall_time not_after;
  std::string_view public_key_info;    ///< SubjectPublicKeyInfo, the whole element
  std::string_view public_key;         ///< the content of its BIT STRING, without the count of unused bits
  std::string_view alternative_names;  ///< content of the GeneralNames; empty without the extension

  /// dNSName entries, lower case, in order.
  [[nodiscard]] std::vector<std::string> dns_names() const;
  /// rfc822Name entries.
  [[nodiscard]] std::vector<std::string> email_addresses() const;
  /// iPAddress entries as text, IPv4 dotted and IPv6 as RFC 5952 has it; others are left out.
  [[nodiscard]] std::vector<std::string> ip_addresses() const;
};

/// Nothing when it is no certificate, or damaged where these fields lie.
[[nodiscard]] std::optional<certificate_fields> read_certificate_fields(std::string_view der) noexcept;

/// What an EC private key (DER of PKCS#8 or SEC 1) consists of.
struct ec_key_parts {
  std::string_view secret;      ///< big-endian
  std::string_view public_key;  ///< the point; empty when the key does not carry it
};
[[nodiscard]] std::optional<ec_key_parts> read_ec_key(std::string_view key_der) noexcept;

/// Whether a private key (DER of PKCS#8, PKCS#1 or SEC 1) carries the public key of the certificate.
/// False also when it carries none, or is of another form: then only OpenSSL can tell.
[[nodiscard]] bool carries_public_key(std::string_view key_der, const certificate_fields& of) noexcept;

}  // namespace cardea::base
