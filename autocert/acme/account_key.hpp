#pragma once

#include "base/certificate.hpp"
#include "base/error.hpp"

#include <string>
#include <string_view>

namespace cardea::autocert::acme {

/// The P-256 key of an ACME account.
class account_key {
 public:
  /// Reads the file (SEC1 DER, as GoDoxy writes it; PEM is read too), or makes
  /// a key and stores it durably with mode 0600 when there is no file.
  ///
  /// A file that is there and cannot be used is errc::account_key and is never
  /// overwritten: it may be the only copy of an account's key.
  [[nodiscard]] static base::result<account_key> load_or_create(const std::string& path);

  /// The key in that file; errc::not_found of base when there is none.
  [[nodiscard]] static base::result<account_key> load(const std::string& path);
  [[nodiscard]] static base::result<account_key> generate();
  /// Replaces the file, durably, with mode 0600.
  [[nodiscard]] base::result<void> save(const std::string& path) const;

  /// {"crv":"P-256","kty":"EC","x":...,"y":...}: the members in the order that RFC 7638 wants.
  [[nodiscard]] std::string jwk() const;
  /// base64url(SHA-256(jwk)), RFC 7638.
  [[nodiscard]] std::string thumbprint() const;
  /// ES256 over the bytes: R || S, 64 bytes (RFC 7518 section 3.4).
  [[nodiscard]] base::result<std::string> sign(std::string_view bytes) const;

  [[nodiscard]] EVP_PKEY* get() const noexcept { return key_.get(); }

 private:
  explicit account_key(base::key_ptr key) noexcept : key_(std::move(key)) {}
  base::key_ptr key_;
};

}  // namespace cardea::autocert::acme
