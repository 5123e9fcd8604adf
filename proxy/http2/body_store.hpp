#pragma once

#include "proxy/net/buffer_pool.hpp"

#include <cstddef>
#include <string_view>

namespace cardea::proxy::http2 {

/// What has arrived of a request's body and was not taken yet. Small bodies stay in a small
/// block, so that many slow streams do not hold a large buffer each.
class body_store {
 public:
  static constexpr std::size_t capacity = net::buffer_pool::buffer_bytes;

  explicit body_store(net::buffer_pool& buffers) noexcept : buffers_(buffers) {}
  body_store(const body_store&) = delete;
  body_store& operator=(const body_store&) = delete;
  ~body_store() { clear(); }

  [[nodiscard]] std::string_view unread() const noexcept { return {data_ + begin_, end_ - begin_}; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  /// REQUIRES: with what is unread not more than `capacity`; flow control sees to it.
  void append(std::string_view data);
  /// An empty store holds no memory.
  void consume(std::size_t bytes) noexcept;
  void clear() noexcept;

 private:
  static constexpr std::size_t small_bytes = 4 * 1024;
  [[nodiscard]] std::size_t room() const noexcept { return large_ ? capacity : (data_ != nullptr ? small_bytes : 0); }
  void release_small() noexcept;

  net::buffer_pool& buffers_;
  net::buffer large_;
  char* data_ = nullptr;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace cardea::proxy::http2
