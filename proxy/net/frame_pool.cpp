#include "proxy/net/frame_pool.hpp"

#include <array>
#include <new>
#include <vector>

namespace cardea::proxy::net {
namespace {

constexpr std::size_t granule = 128;
constexpr std::size_t class_count = 64;  // up to 8 KiB

// The list lies beside the frames and not in them: to take one must not wait for memory that nobody read for a while.
struct thread_pool {
  std::array<std::vector<void*>, class_count> classes;
  std::size_t spare_bytes = 0;
  ~thread_pool() {
    for (const std::vector<void*>& list : classes)
      for (void* const frame : list) ::operator delete(frame);
  }
};

thread_local thread_pool pool;

std::size_t class_of(std::size_t size) noexcept { return (size - 1) / granule; }

}  // namespace

void* frame_pool::allocate(std::size_t size) {
  const std::size_t index = class_of(size);
  if (index >= class_count) return ::operator new(size);
  const std::size_t bytes = (index + 1) * granule;
  std::vector<void*>& list = pool.classes[index];
  if (list.empty()) return ::operator new(bytes);
  void* const frame = list.back();
  list.pop_back();
  pool.spare_bytes -= bytes;
  if (!list.empty()) __builtin_prefetch(list.back(), 1);
  return frame;
}

void frame_pool::release(void* frame, std::size_t size) noexcept {
  const std::size_t index = class_of(size);
  const std::size_t bytes = (index + 1) * granule;
  if (index >= class_count || pool.spare_bytes + bytes > spare_bytes_max) {
    ::operator delete(frame);
    return;
  }
  pool.classes[index].push_back(frame);
  pool.spare_bytes += bytes;
}

std::size_t frame_pool::spare_bytes() noexcept { return pool.spare_bytes; }

}  // namespace cardea::proxy::net
