#pragma once

#include "proxy/http2/output.hpp"
#include "proxy/http2/response_encoder.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

/// Header blocks -> HEADERS and CONTINUATION frames (RFC 9113 sections 6.2 and 6.10).
namespace cardea::proxy::http2 {

/// A finished block in as many frames as it needs; `flags` without END_HEADERS.
void append_block(output& to, std::uint32_t stream, std::uint8_t flags, std::string_view block);

struct sent_block {
  bool fits = false;
  std::uint64_t position = 0;  ///< of its first frame
};

/// What `write(block_writer&)` writes, at most `bound` bytes; does not fit when that is more than a buffer.
template <class Write>
[[nodiscard]] sent_block append_block(output& to, net::buffer_pool& buffers, std::uint32_t stream, std::uint8_t flags,
                                      std::size_t bound, const Write& write) {
  if (bound <= frame_payload_max) {
    char* const at = to.reserve(frame_header_bytes + bound);
    block_writer block(at + frame_header_bytes);
    write(block);
    write_frame_header(at, {static_cast<std::uint32_t>(block.size()), frame_type::headers,
                            static_cast<std::uint8_t>(flags | flag::end_headers), stream});
    return {true, to.commit(frame_header_bytes + block.size())};
  }
  if (bound > net::buffer_pool::buffer_bytes) return {};
  const net::buffer memory = buffers.take();
  block_writer block(memory.data());
  write(block);
  const std::uint64_t position = to.end();
  append_block(to, stream, flags, {memory.data(), block.size()});
  return {true, position};
}

}  // namespace cardea::proxy::http2
