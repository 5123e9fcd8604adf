#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

namespace cardea::proxy::access_log {

/// Which outputs a line goes to, by their numbers in the journal.
struct targets {
  static constexpr std::uint16_t none = 0xffff;
  std::uint16_t file = none;
  std::uint16_t terminal = none;
};

/// Lines on their way from one worker to the journal's thread: one writes, one reads, nobody waits.
class ring {
 public:
  /// Rounded up to a power of two.
  explicit ring(std::size_t bytes);

  /// The writer: room for so many bytes in a row, or null while there is none. Nothing is taken before `commit`.
  [[nodiscard]] char* reserve(std::size_t bytes) noexcept;
  /// The first `used` of the bytes that were reserved last are a line.
  void commit(std::size_t used, targets to) noexcept;

  /// The reader: calls `take(targets, line)` for the lines that are there, and gives their room back. Their number.
  template <class Take>
  std::size_t drain(Take&& take) {
    std::size_t lines = 0;
    const std::uint64_t head = head_.load(std::memory_order_seq_cst);
    std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    while (tail != head) {
      const mark at = read_mark(tail);
      if (at.size == skip) {
        tail += capacity_ - (tail & (capacity_ - 1));
        continue;
      }
      take(at.to, std::string_view(memory_.get() + (tail & (capacity_ - 1)) + sizeof(mark), at.size));
      ++lines;
      tail += room_for(at.size);
    }
    tail_.store(tail, std::memory_order_release);
    return lines;
  }
  /// The reader: whether there is a line.
  [[nodiscard]] bool empty() const noexcept {
    return head_.load(std::memory_order_seq_cst) == tail_.load(std::memory_order_relaxed);
  }

 private:
  /// What stands before each line.
  struct mark {
    std::uint32_t size;
    targets to;
  };
  static constexpr std::uint32_t skip = 0xffffffff;  ///< as a size: the next line begins at the ring's begin
  static constexpr std::uint64_t room_for(std::uint64_t bytes) noexcept {
    return sizeof(mark) + (bytes + sizeof(mark) - 1) / sizeof(mark) * sizeof(mark);
  }
  [[nodiscard]] mark read_mark(std::uint64_t at) const noexcept;
  void write_mark(std::uint64_t at, mark value) noexcept;

  std::uint64_t capacity_;
  std::unique_ptr<char[]> memory_;
  std::uint64_t next_ = 0;        ///< the writer's: where the line that was reserved begins
  std::uint64_t known_tail_ = 0;  ///< the writer's: how far the reader was when it was looked at
  alignas(64) std::atomic<std::uint64_t> head_{0};
  alignas(64) std::atomic<std::uint64_t> tail_{0};
};

}  // namespace cardea::proxy::access_log
