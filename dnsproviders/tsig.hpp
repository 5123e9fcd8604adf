#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace cardea::dnsproviders {

struct tsig_key {
  std::string name;       ///< normalised, without a final dot
  std::string algorithm;  ///< hmac-sha1, hmac-sha224, hmac-sha256, hmac-sha384 or hmac-sha512
  base::secret secret;    ///< the raw bytes
};

/// Whether the algorithm is one of the five (RFC 8945 section 6, without MD5).
[[nodiscard]] bool is_tsig_algorithm(std::string_view name) noexcept;

struct signed_message {
  std::string wire;
  std::string mac;  ///< needed to verify the reply
};

/// Appends a TSIG record to a DNS message (RFC 8945 section 4). `now` in unix seconds.
[[nodiscard]] signed_message sign_message(std::string message, const tsig_key& key, std::uint64_t now);

/// Checks the TSIG record at the end of a reply (RFC 8945 section 5.3): key,
/// MAC over the request's MAC and the reply, time within 300 s. The error says
/// what the server objected to (BADKEY, BADSIG, BADTIME) or what does not fit.
[[nodiscard]] base::result<void> verify_reply(const std::string& reply, std::string_view request_mac,
                                              const tsig_key& key, std::uint64_t now);

/// A name in wire form, lower case; without compression.
[[nodiscard]] std::string wire_name(std::string_view name);

}  // namespace cardea::dnsproviders
