#pragma once

#include "base/certificate.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>

/// A server's view of signed requests, written against OpenSSL alone: none of
/// the code that makes them takes part in checking them.
namespace cardea::test_support {

struct opened_jws {
  boost::json::object header;
  std::string payload;
  std::string signature;  ///< as sent, decoded
  std::string input;      ///< what is signed: BASE64URL(header) "." BASE64URL(payload)
};

/// The flattened form with exactly the members that RFC 8555 section 6.2 allows,
/// base64url without padding; nothing when it is anything else.
[[nodiscard]] std::optional<opened_jws> open_jws(std::string_view body);

/// The public key of a P-256 JWK; null when it is none.
[[nodiscard]] base::key_ptr key_of_jwk(const boost::json::object& jwk);

/// ES256: 64 bytes R || S (RFC 7518 section 3.4).
[[nodiscard]] bool verify_es256(EVP_PKEY* key, std::string_view input, std::string_view signature);

[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view input);

/// A member that is a string; empty otherwise.
[[nodiscard]] std::string text_in(const boost::json::object& from, std::string_view name);

}  // namespace cardea::test_support
