#pragma once

#include "base/certificate_fields.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

#include <openssl/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::base {

struct openssl_deleter {
  void operator()(X509* value) const noexcept;
  void operator()(EVP_PKEY* value) const noexcept;
};
using x509_ptr = std::unique_ptr<X509, openssl_deleter>;
using key_ptr = std::unique_ptr<EVP_PKEY, openssl_deleter>;

/// A leaf and its private key as OpenSSL's objects.
struct opened_certificate {
  x509_ptr leaf;
  key_ptr key;
};

/// What the CA says about a certificate (DER of an OCSP response), and until when that holds.
struct ocsp_staple {
  std::string der;
  wall_time until;
};

/// A leaf with its private key and the chain below it; immutable.
///
/// The leaf and its key are kept as DER, a fourth of what OpenSSL's objects
/// take, and are parsed for whoever needs them; the chain is parsed once for
/// all certificates that have the same. Safe from any thread.
class certificate {
 public:
  /// Parses a PEM chain (leaf first) and the PEM private key of the leaf.
  ///
  /// errc::invalid_argument when either does not parse or when the key is not
  /// the leaf's; the context says which.
  [[nodiscard]] static result<std::shared_ptr<const certificate>> from_pem(std::string_view chain_pem,
                                                                           std::string_view key_pem);
  /// The same for many at once: OpenSSL's parsers, a millisecond each, are left for the first use. What is
  /// damaged only for them is found then (`open` fails); that the key is the leaf's is known here.
  [[nodiscard]] static result<std::shared_ptr<const certificate>> from_pem_lazily(std::string_view chain_pem,
                                                                                  std::string_view key_pem);
  certificate(const certificate&) = delete;
  certificate& operator=(const certificate&) = delete;
  ~certificate();

  /// Parses both and compares them; errc::invalid_argument when they cannot be served.
  [[nodiscard]] result<opened_certificate> open() const;
  /// Parsed; null only for what from_pem_lazily took and OpenSSL does not.
  [[nodiscard]] x509_ptr leaf() const;
  [[nodiscard]] key_ptr key() const;
  /// What follows the leaf, shared by all certificates with the same chain.
  [[nodiscard]] const std::vector<x509_ptr>& intermediates() const noexcept { return *intermediates_; }

  /// The same certificate with what the CA says about it.
  [[nodiscard]] std::shared_ptr<const certificate> with_staple(std::shared_ptr<const ocsp_staple> staple) const;
  /// Null when there is nothing to show.
  [[nodiscard]] const ocsp_staple* staple() const noexcept { return staple_.get(); }

  /// dNSName entries of the leaf, lower case, in order; the common name when it has no entry of any kind.
  [[nodiscard]] std::vector<std::string> dns_names() const;
  /// iPAddress entries of the leaf in canonical spelling, in order.
  [[nodiscard]] std::vector<std::string> ip_addresses() const;
  /// What it is for: dns_names, then ip_addresses.
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::vector<std::string> email_addresses() const;
  [[nodiscard]] std::string subject() const;  ///< common name, or the RFC 2253 form without one
  [[nodiscard]] std::string issuer() const;   ///< likewise
  [[nodiscard]] std::string serial_hex() const;
  [[nodiscard]] wall_time not_before() const noexcept { return not_before_; }
  [[nodiscard]] wall_time not_after() const noexcept { return not_after_; }
  [[nodiscard]] key_kind kind() const noexcept { return kind_; }
  /// The leaf as it is signed.
  [[nodiscard]] std::string_view leaf_der() const noexcept { return {bytes_.get(), leaf_size_}; }

 private:
  certificate() = default;
  [[nodiscard]] certificate_fields fields() const noexcept;
  [[nodiscard]] std::string_view key_der() const noexcept { return {bytes_.get() + leaf_size_, key_size_}; }

  std::unique_ptr<char[]> bytes_;  ///< DER of the leaf, then of the key
  std::uint32_t leaf_size_ = 0;
  std::uint32_t key_size_ = 0;
  key_kind kind_ = key_kind::other;
  std::shared_ptr<const std::vector<x509_ptr>> intermediates_;
  std::shared_ptr<const ocsp_staple> staple_;
  wall_time not_before_;
  wall_time not_after_;
};

}  // namespace cardea::base
