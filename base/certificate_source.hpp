#pragma once

#include <memory>
#include <string_view>

namespace cardea::base {

class certificate;

/// Name -> certificate: where proxy's TLS handshake meets autocert's SNI matcher.
///
/// Immutable once published, so `find` is safe from any thread without a lock.
class certificate_source {
 public:
  virtual ~certificate_source() = default;

  /// The certificate for a server name as the client sent it (any case, empty
  /// when there was no SNI). Never blocks, never does I/O. Null only when
  /// there is no certificate at all. Valid as long as this source is.
  [[nodiscard]] virtual const certificate* find(std::string_view server_name) const noexcept = 0;
};

using certificate_snapshot = std::shared_ptr<const certificate_source>;

}  // namespace cardea::base
