#pragma once

#include <cstddef>

namespace cardea::proxy {

/// What a worker has in use of what may run out.
struct load {
  std::size_t connections = 0;
  std::size_t buffer_bytes = 0;
  bool descriptors_scarce = false;
};

/// The steps by which a worker sheds load before something runs out (L04, L07, L09). Pure.
struct overload_limits {
  std::size_t connections_max = 0;
  std::size_t buffer_bytes_max = 0;

  /// Step 1, at three quarters of the memory: new requests are answered 503, those under way go on.
  [[nodiscard]] constexpr bool refuses_requests(const load& now) const noexcept {
    return now.buffer_bytes / 3 >= buffer_bytes_max / 4;
  }
  /// Step 2, at seven eighths of the memory, or with all connections or descriptors in use: who waits
  /// longest for his client goes, and nobody new is accepted until there is room.
  [[nodiscard]] constexpr bool is_full(const load& now) const noexcept {
    return now.connections >= connections_max || now.descriptors_scarce ||
           now.buffer_bytes / 7 >= buffer_bytes_max / 8;
  }
};

}  // namespace cardea::proxy
