#pragma once

#include "proxy/net/frame_pool.hpp"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace cardea::proxy::net {

class buffer_pool;

/// A borrowed buffer of buffer_pool::buffer_bytes; goes back when it dies.
class buffer {
 public:
  buffer() = default;
  buffer(buffer&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), data_(std::exchange(other.data_, nullptr)) {}
  buffer& operator=(buffer&& other) noexcept {
    if (this != &other) {
      release();
      pool_ = std::exchange(other.pool_, nullptr);
      data_ = std::exchange(other.data_, nullptr);
    }
    return *this;
  }
  ~buffer() { release(); }

  [[nodiscard]] explicit operator bool() const noexcept { return data_ != nullptr; }
  [[nodiscard]] char* data() const noexcept { return data_; }
  void release() noexcept;

 private:
  friend class buffer_pool;
  buffer(buffer_pool& pool, char* data) noexcept : pool_(&pool), data_(data) {}

  buffer_pool* pool_ = nullptr;
  char* data_ = nullptr;
};

/// One worker's I/O buffers, last in first out so that a warm one is used next.
///
/// An idle connection holds none. Not thread-safe; outlives its buffers.
class buffer_pool {
 public:
  /// Four full TLS records and a little: the unit in which bulk data moves.
  static constexpr std::size_t buffer_bytes = 68 * 1024;
  /// Kept for reuse; more are given back to the system when they are returned.
  static constexpr std::size_t spare_max = 1024;

  /// Taken and not given back, blocks included.
  [[nodiscard]] std::size_t bytes_in_use() const noexcept { return in_use_; }

  /// Memory of any size, mostly small, that counts as much as buffers do; from the thread's frame pool.
  [[nodiscard]] char* take_block(std::size_t bytes) {
    in_use_ += bytes;
    return static_cast<char*>(frame_pool::allocate(bytes));
  }
  void release_block(void* block, std::size_t bytes) noexcept {
    in_use_ -= bytes;
    frame_pool::release(block, bytes);
  }

  [[nodiscard]] buffer take() {
    in_use_ += buffer_bytes;
    if (spare_.empty()) return {*this, new char[buffer_bytes]};
    char* data = spare_.back().release();
    spare_.pop_back();
    return {*this, data};
  }

 private:
  friend class buffer;
  void give_back(char* data) noexcept {
    in_use_ -= buffer_bytes;
    std::unique_ptr<char[]> owned(data);
    if (spare_.size() < spare_max) spare_.push_back(std::move(owned));
  }

  std::size_t in_use_ = 0;  ///< bytes
  std::vector<std::unique_ptr<char[]>> spare_ = reserved();
  static std::vector<std::unique_ptr<char[]>> reserved() {
    std::vector<std::unique_ptr<char[]>> out;
    out.reserve(spare_max);  // so that giving back never allocates
    return out;
  }
};

inline void buffer::release() noexcept {
  if (data_ != nullptr) pool_->give_back(std::exchange(data_, nullptr));
  pool_ = nullptr;
}

}  // namespace cardea::proxy::net
