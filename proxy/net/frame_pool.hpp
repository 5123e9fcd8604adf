#pragma once

#include <cstddef>

namespace cardea::proxy::net {

/// Recycles coroutine frames per thread, by size class.
///
/// `release` must run on the thread of `allocate`: coroutines of the data plane
/// never change threads. Frames above the largest class go to the heap.
class frame_pool {
 public:
  static void* allocate(std::size_t size);
  static void release(void* frame, std::size_t size) noexcept;

  /// What this thread keeps for reuse: what several hundred streams at once need, so that a warm worker allocates
  /// nothing for them; no more, so that a crowd that has gone does not pin its frames for ever.
  static constexpr std::size_t spare_bytes_max = 8 * 1024 * 1024;
  [[nodiscard]] static std::size_t spare_bytes() noexcept;
};

}  // namespace cardea::proxy::net
