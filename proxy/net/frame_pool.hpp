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
};

}  // namespace cardea::proxy::net
