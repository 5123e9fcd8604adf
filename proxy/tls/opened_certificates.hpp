#pragma once

#include "base/certificate.hpp"
#include "base/certificate_source.hpp"

#include <cstddef>
#include <list>
#include <memory>
#include <unordered_map>

namespace cardea::proxy::tls {

/// The certificates that one worker has opened for its handshakes, the most
/// recently used ones. The others rest as DER.
///
/// A handshake for one that is opened allocates nothing here; one for another
/// pays for its own and may close the one that was not used for longest. What
/// cannot be opened is remembered, too: a storm of handshakes opens it once.
class opened_certificates {
 public:
  /// REQUIRES: count_max is not 0.
  explicit opened_certificates(std::size_t count_max) : count_max_(count_max) {}

  /// Null when it cannot be served. Valid until the next call.
  [[nodiscard]] const base::opened_certificate* open(const base::certificate_ptr& which);

  /// Closes those that exist no more: their keys have no business in memory.
  void close_replaced();

  [[nodiscard]] std::size_t size() const noexcept { return by_use_.size(); }
  /// How often one was parsed.
  [[nodiscard]] std::size_t opened_total() const noexcept { return opened_total_; }

 private:
  struct entry {
    const base::certificate* key;
    std::weak_ptr<const base::certificate> of;  ///< another one may come to lie at the same address
    base::opened_certificate opened;            ///< both null when it cannot be
  };
  using position = std::list<entry>::iterator;

  void close(position which);

  std::size_t count_max_;
  std::size_t opened_total_ = 0;
  std::list<entry> by_use_;  ///< the latest first
  std::unordered_map<const base::certificate*, position> by_certificate_;
};

}  // namespace cardea::proxy::tls
