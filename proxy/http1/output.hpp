#pragma once

#include "proxy/http/message_head.hpp"
#include "proxy/net/buffer_pool.hpp"
#include "proxy/tls/stream.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cardea::proxy::http1 {

/// One side's sender: a head and small body pieces are staged in a pooled
/// buffer and leave together; bulk goes past it.
class output {
 public:
  output(tls::stream& to, net::buffer_pool& buffers) noexcept : to_(to), buffers_(buffers) {}

  /// Appends to the head that is being made; false when it is full (the head is then of no use).
  bool append(std::string_view text) noexcept;
  bool append_number(std::uint64_t value) noexcept;

  /// How body bytes are framed from now on: chunked, or anything else for "as they are".
  void begin_body(http::body_framing framing) noexcept { chunked_ = framing == http::body_framing::chunked; }
  /// Takes a part of `data`; 0 when blocked or failed (flush tells which).
  [[nodiscard]] std::size_t write_body(std::string_view data) noexcept;
  /// `last`: nothing follows this message on the connection.
  void end_body(std::string_view trailers, bool last = false) noexcept;

  /// done when nothing waits any more.
  [[nodiscard]] net::io flush() noexcept;
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_ && !to_.has_unsent(); }
  /// Where the next `append` goes; with `rewind` a head that does not fit is taken back.
  [[nodiscard]] std::size_t mark() const noexcept { return end_; }
  /// REQUIRES: nothing was sent since `mark` was taken.
  void rewind(std::size_t mark) noexcept;
  /// Forgets what is staged.
  void discard() noexcept;

 private:
  [[nodiscard]] std::string_view staged() const noexcept { return {memory_.data() + begin_, end_ - begin_}; }
  [[nodiscard]] std::size_t room() const noexcept { return net::buffer_pool::buffer_bytes - end_; }
  [[nodiscard]] std::size_t write_plain(std::string_view data) noexcept;
  [[nodiscard]] std::size_t write_chunk(std::string_view data) noexcept;
  [[nodiscard]] std::size_t send(std::string_view more) noexcept;

  tls::stream& to_;
  net::buffer_pool& buffers_;
  net::buffer memory_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool chunked_ = false;
  bool last_ = false;
  bool failed_ = false;
};

}  // namespace cardea::proxy::http1
