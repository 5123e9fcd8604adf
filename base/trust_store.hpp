#pragma once

#include "base/error.hpp"

#include <openssl/types.h>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct stack_st_X509_NAME;

namespace cardea::base {

/// The authorities that vouch for peers; immutable once made, shared by threads.
///
/// Any certificate in it is an anchor, an intermediate or a self-signed leaf
/// included, as in Go. Revocation is not looked at.
class trust_store {
 public:
  static constexpr std::size_t id_bytes = 32;
  /// Equal exactly for stores of the same anchors, whatever their order.
  using id_type = std::array<unsigned char, id_bytes>;

  /// From the texts of PEM files (each with at least one certificate, none
  /// damaged: errc::invalid_argument) and, with `system_cas`, what the system
  /// trusts now (errc::io when there is nothing).
  [[nodiscard]] static result<std::shared_ptr<const trust_store>> create(std::span<const std::string> pem_texts,
                                                                         bool system_cas);

  [[nodiscard]] X509_STORE* store() const noexcept { return store_.get(); }
  [[nodiscard]] const id_type& id() const noexcept { return id_; }
  /// The names of the authorities for a CertificateRequest; null when there are
  /// so many that a client is better asked for any certificate.
  [[nodiscard]] const stack_st_X509_NAME* names() const noexcept { return names_.get(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  trust_store();
  [[nodiscard]] result<void> add_pem(std::string_view text, std::vector<id_type>& digests);
  void finish(std::vector<id_type> digests);

  struct store_freer {
    void operator()(X509_STORE* value) const noexcept;
  };
  struct names_freer {
    void operator()(stack_st_X509_NAME* value) const noexcept;
  };
  std::unique_ptr<X509_STORE, store_freer> store_;
  std::unique_ptr<stack_st_X509_NAME, names_freer> names_;
  id_type id_{};
  std::size_t size_ = 0;
};

/// The same anchors, or both null.
[[nodiscard]] bool same_trust(const std::shared_ptr<const trust_store>& left,
                              const std::shared_ptr<const trust_store>& right) noexcept;

}  // namespace cardea::base
