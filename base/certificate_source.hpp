#pragma once

#include <memory>
#include <span>
#include <string_view>

namespace cardea::base {

class certificate;
using certificate_ptr = std::shared_ptr<const certificate>;

/// Name -> certificates: where proxy's TLS handshake meets autocert's SNI matcher.
///
/// Immutable once published, so `find` is safe from any thread without a lock.
class certificate_source {
 public:
  virtual ~certificate_source() = default;

  /// The certificates for a server name as the client sent it (any case), or
  /// for the text of an IP address: the first is the one to serve, a later one
  /// when the client cannot use those before it (another kind of key) or they
  /// have expired. For an empty or unknown name the default ones. Never blocks,
  /// never does I/O. Empty only when there is no certificate at all. Valid as
  /// long as this source is.
  [[nodiscard]] virtual std::span<const certificate_ptr> find(std::string_view server_name) const noexcept = 0;

  /// The first of them, or null.
  [[nodiscard]] const certificate* first(std::string_view server_name) const noexcept {
    const auto found = find(server_name);
    return found.empty() ? nullptr : found.front().get();
  }
};

using certificate_snapshot = std::shared_ptr<const certificate_source>;

}  // namespace cardea::base
