#include "proxy/access_log/ring.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace cardea::proxy::access_log {

ring::ring(std::size_t bytes)
    : capacity_(std::bit_ceil(std::max<std::size_t>(bytes, 64))), memory_(std::make_unique_for_overwrite<char[]>(capacity_)) {}

ring::mark ring::read_mark(std::uint64_t at) const noexcept {
  mark out;
  std::memcpy(&out, memory_.get() + (at & (capacity_ - 1)), sizeof out);
  return out;
}

void ring::write_mark(std::uint64_t at, mark value) noexcept {
  std::memcpy(memory_.get() + (at & (capacity_ - 1)), &value, sizeof value);
}

char* ring::reserve(std::size_t bytes) noexcept {
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  const std::uint64_t needed = room_for(bytes);
  const std::uint64_t to_end = capacity_ - (head & (capacity_ - 1));
  const std::uint64_t skipped = to_end < needed ? to_end : 0;
  if (capacity_ - (head - known_tail_) < skipped + needed) {
    known_tail_ = tail_.load(std::memory_order_acquire);
    if (capacity_ - (head - known_tail_) < skipped + needed) return nullptr;
  }
  if (skipped != 0) write_mark(head, {skip, {}});
  next_ = head + skipped;
  return memory_.get() + (next_ & (capacity_ - 1)) + sizeof(mark);
}

void ring::commit(std::size_t used, targets to) noexcept {
  write_mark(next_, {static_cast<std::uint32_t>(used), to});
  // In one order with the reader's word that it sleeps: one of both sees the other.
  head_.store(next_ + room_for(used), std::memory_order_seq_cst);
}

}  // namespace cardea::proxy::access_log
