#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"

#include <openssl/types.h>

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

/// A leaf with its private key and the chain below it; immutable.
class certificate {
 public:
  /// Parses a PEM chain (leaf first) and the PEM private key of the leaf.
  ///
  /// errc::invalid_argument when either does not parse or when the key is not
  /// the leaf's; the context says which.
  [[nodiscard]] static result<std::shared_ptr<const certificate>> from_pem(std::string_view chain_pem,
                                                                          std::string_view key_pem);

  [[nodiscard]] X509* leaf() const noexcept { return chain_.front().get(); }
  [[nodiscard]] EVP_PKEY* key() const noexcept { return key_.get(); }
  /// Leaf first.
  [[nodiscard]] const std::vector<x509_ptr>& chain() const noexcept { return chain_; }

  /// dNSName entries of the leaf, lower case, in order; the common name when it has no entry of any kind.
  [[nodiscard]] const std::vector<std::string>& dns_names() const noexcept { return dns_names_; }
  /// iPAddress entries of the leaf in canonical spelling, in order.
  [[nodiscard]] std::vector<std::string> ip_addresses() const;
  [[nodiscard]] std::vector<std::string> email_addresses() const;
  [[nodiscard]] std::string subject() const;  ///< common name, or the RFC 2253 form without one
  [[nodiscard]] std::string issuer() const;   ///< likewise
  [[nodiscard]] std::string serial_hex() const;
  [[nodiscard]] wall_time not_before() const noexcept { return not_before_; }
  [[nodiscard]] wall_time not_after() const noexcept { return not_after_; }

 private:
  certificate() = default;

  std::vector<x509_ptr> chain_;
  key_ptr key_;
  std::vector<std::string> dns_names_;
  wall_time not_before_;
  wall_time not_after_;
};

}  // namespace cardea::base
