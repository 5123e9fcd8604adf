#pragma once

#include "proxy/http2/frame.hpp"
#include "proxy/net/buffer_pool.hpp"
#include "proxy/tls/stream.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace cardea::proxy::http2 {

/// Frames of all streams on their way to one socket, in pooled buffers that go when they left.
///
/// A frame stays whole within one buffer. Positions count all bytes ever queued, so that a
/// frame can be found again for as long as it has not left.
class output {
 public:
  explicit output(net::buffer_pool& buffers) noexcept : buffers_(buffers) {}

  /// Room for `bytes`, at most frame_header_bytes + 64 KiB, in one piece. Valid until the next call.
  [[nodiscard]] char* reserve(std::size_t bytes);
  /// So much of what was reserved is used. Returns its position.
  std::uint64_t commit(std::size_t bytes) noexcept;

  void append_frame(const frame_header& header, std::string_view payload);
  /// Sets a flag of the frame at `position`; false when it has begun to leave.
  [[nodiscard]] bool add_flag(std::uint64_t position, std::uint8_t one) noexcept;

  /// The position of what is queued next.
  [[nodiscard]] std::uint64_t end() const noexcept { return queued_; }
  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(queued_ - left_); }
  [[nodiscard]] bool empty() const noexcept { return queued_ == left_; }

  /// Writes as much as the stream takes: done, blocked or failed, and how much left.
  [[nodiscard]] net::io_result write_to(tls::stream& to) noexcept;

 private:
  struct segment {
    net::buffer memory;
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  net::buffer_pool& buffers_;
  std::vector<segment> segments_;
  std::uint64_t queued_ = 0;
  std::uint64_t left_ = 0;
};

}  // namespace cardea::proxy::http2
