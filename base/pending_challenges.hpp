#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::base {

class certificate;

/// What CAs may ask for right now (RFC 8555 section 8.3, RFC 8737): where
/// autocert's solvers meet proxy's listeners.
///
/// Immutable once published, so the look-ups are safe from any thread without
/// a lock. They allocate nothing for names.
class pending_challenges {
 public:
  struct http01 {
    std::string host;  ///< normalised name, or an IP address in canonical spelling
    std::string token;
    std::string key_authorization;  ///< the answer's body
  };
  struct tls_alpn01 {
    std::string server_name;  ///< normalised; of an IP address its reverse name
    std::shared_ptr<const certificate> proof;
  };

  pending_challenges() = default;
  pending_challenges(std::vector<http01> http, std::vector<tls_alpn01> tls);

  /// The key authorization for a host (any case, without a port; an IPv6
  /// address in brackets, in any spelling) and exactly this token; null when
  /// that is not pending.
  [[nodiscard]] const std::string* find_http01(std::string_view host, std::string_view token) const noexcept;
  /// The certificate that answers for a server name (any case); null when that is not pending.
  [[nodiscard]] const certificate* find_tls_alpn01(std::string_view server_name) const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return http_.size() + tls_.size(); }
  [[nodiscard]] bool has_tls_alpn01() const noexcept { return !tls_.empty(); }

 private:
  std::vector<http01> http_;     ///< by token
  std::vector<tls_alpn01> tls_;  ///< by server name
};

/// Null: nothing is pending.
using challenge_snapshot = std::shared_ptr<const pending_challenges>;

}  // namespace cardea::base
