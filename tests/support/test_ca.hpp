#pragma once

#include "base/certificate.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace cardea::tests {

struct pem_pair {
  std::string certificate;
  std::string key;
};

/// A P-256 certificate authority made for one test.
class test_ca {
 public:
  explicit test_ca(const std::string& name);

  [[nodiscard]] const std::string& pem() const noexcept { return pem_; }

  /// A leaf for `alternative_names` as OpenSSL writes them ("DNS:a,IP:127.0.0.1"),
  /// valid from `begin` to `end`, both relative to now.
  [[nodiscard]] pem_pair issue(const std::string& alternative_names,
                               std::chrono::seconds begin = std::chrono::hours(-1),
                               std::chrono::seconds end = std::chrono::hours(24)) const;

  /// The same with an RSA key of 2048 bits.
  [[nodiscard]] pem_pair issue_rsa(const std::string& alternative_names,
                                   std::chrono::seconds begin = std::chrono::hours(-1),
                                   std::chrono::seconds end = std::chrono::hours(24)) const;

  /// The same for a key that somebody else holds: the PEM of the certificate.
  [[nodiscard]] std::string certify(EVP_PKEY* key, const std::string& alternative_names,
                                    std::chrono::seconds begin = std::chrono::hours(-1),
                                    std::chrono::seconds end = std::chrono::hours(24)) const;

 private:
  base::x509_ptr certificate_;
  base::key_ptr key_;
  std::string pem_;
};

}  // namespace cardea::tests
