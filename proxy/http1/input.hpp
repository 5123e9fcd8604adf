#pragma once

#include "proxy/net/buffer_pool.hpp"
#include "proxy/tls/stream.hpp"

#include <cstddef>
#include <cstring>
#include <string_view>

namespace cardea::proxy::http1 {

/// One side's receive buffer: a head that stays in place, then bytes that are
/// read, looked at and consumed.
struct input {
  net::buffer memory;
  std::size_t floor = 0;  ///< bytes below belong to the head and stay
  std::size_t begin = 0;  ///< first byte that is not consumed
  std::size_t end = 0;

  [[nodiscard]] std::string_view unread() const noexcept { return {memory.data() + begin, end - begin}; }
  [[nodiscard]] std::size_t space() const noexcept { return net::buffer_pool::buffer_bytes - end; }

  /// One read from the stream behind what is there.
  [[nodiscard]] net::io_result fill(tls::stream& from, std::size_t bytes_max) noexcept {
    if (begin == end) begin = end = floor;
    const std::size_t room = bytes_max < space() ? bytes_max : space();
    const net::io_result got = from.read(memory.data() + end, room);
    end += got.bytes;
    return got;
  }

  /// Moves what is unread to the front: it begins the next message. Releases an empty buffer.
  void restart() noexcept {
    const std::size_t left = end - begin;
    if (left > 0)
      std::memmove(memory.data(), memory.data() + begin, left);
    else
      memory.release();
    floor = begin = 0;
    end = left;
  }
};

}  // namespace cardea::proxy::http1
