#pragma once

#include "base/address.hpp"
#include "proxy/net/socket.hpp"

#include <cstddef>

namespace cardea::proxy::net {

/// Accepts on one worker's own listening socket.
class listener {
 public:
  explicit listener(event_loop& loop) noexcept : waiter_(loop) {}
  ~listener() { close(); }

  /// Takes over a listening descriptor (see listen_on).
  [[nodiscard]] bool open(file_descriptor fd) noexcept;

  struct accepted {
    file_descriptor fd;  ///< empty when the listener was closed
    base::address peer;
  };
  /// The next connection. When descriptors run out (EMFILE) it pauses and tries
  /// again instead of spinning (L07).
  [[nodiscard]] task<accepted> accept();

  /// Called, when set, each time that descriptors have run out: who can shall let some go.
  void (*on_exhausted)(void* context) noexcept = nullptr;
  void* context = nullptr;

  /// No more connections; a pending accept ends.
  void close() noexcept;

 private:
  waiter waiter_;
  file_descriptor fd_;
  watch watch_;
};

}  // namespace cardea::proxy::net
