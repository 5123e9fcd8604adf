#include "proxy/net/frame_pool.hpp"

#include <array>
#include <new>

namespace cardea::proxy::net {
namespace {

constexpr std::size_t granule = 128;
constexpr std::size_t class_count = 64;  // up to 8 KiB
// Kept for reuse in each class: what several hundred streams at once need, so that a warm worker allocates
// nothing for them; no more, so that a crowd that has gone does not pin its frames for ever.
constexpr std::size_t spare_max = 512;

struct spare_frame {
  spare_frame* next;
};

struct spare_list {
  spare_frame* first = nullptr;
  std::size_t count = 0;
};

struct thread_pool {
  std::array<spare_list, class_count> classes;
  ~thread_pool() {
    for (spare_list& list : classes) {
      while (list.first != nullptr) {
        spare_frame* frame = list.first;
        list.first = frame->next;
        ::operator delete(frame);
      }
    }
  }
};

thread_local thread_pool pool;

std::size_t class_of(std::size_t size) noexcept { return (size - 1) / granule; }

}  // namespace

void* frame_pool::allocate(std::size_t size) {
  const std::size_t index = class_of(size);
  if (index >= class_count) return ::operator new(size);
  spare_list& list = pool.classes[index];
  if (list.first == nullptr) return ::operator new((index + 1) * granule);
  spare_frame* frame = list.first;
  list.first = frame->next;
  --list.count;
  return frame;
}

void frame_pool::release(void* frame, std::size_t size) noexcept {
  const std::size_t index = class_of(size);
  if (index >= class_count || pool.classes[index].count >= spare_max) {
    ::operator delete(frame);
    return;
  }
  spare_list& list = pool.classes[index];
  auto* spare = ::new (frame) spare_frame{list.first};
  list.first = spare;
  ++list.count;
}

}  // namespace cardea::proxy::net
