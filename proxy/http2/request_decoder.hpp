#pragma once

#include "proxy/http/message_head.hpp"
#include "proxy/http2/hpack_decoder.hpp"
#include "proxy/http2/priority.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cardea::proxy::http2 {

struct request_limits {
  std::size_t line_bytes_max = 8 * 1024;   ///< of :path; 414 beyond
  std::size_t head_bytes_max = 32 * 1024;  ///< as SETTINGS_MAX_HEADER_LIST_SIZE counts; 431 beyond
  std::size_t field_count_max = 100;       ///< 431 beyond; at most header_table::capacity
  std::size_t trailer_bytes_max = 8 * 1024;
};

/// Header blocks of requests -> heads and trailers that HTTP/1 backends may see.
///
/// Strict (H01-H09): everything that would mean something else on the other side is malformed.
/// Sans-I/O and without allocation but for trailers.
class request_decoder {
 public:
  request_decoder(std::size_t table_bytes_max, const request_limits& limits) noexcept
      : hpack_(table_bytes_max), limits_(&limits) {}

  enum class verdict : std::uint8_t {
    accepted,
    refused,    ///< well-formed, answered with `status`
    malformed,  ///< a stream error of type PROTOCOL_ERROR
    broken,     ///< COMPRESSION_ERROR: the connection is lost
  };
  struct outcome {
    verdict is = verdict::accepted;
    std::uint16_t status = 0;      ///< 413, 414, 417, 431 or 501, with `refused`
    std::string_view reason = {};  ///< static text
    std::size_t bytes = 0;         ///< of `memory` that the head's slices point into
    priority order = {};
    std::size_t websocket_key = 0;  ///< where websocket_key_bytes of `memory` wait for a nonce; 0: nowhere
  };
  static constexpr std::size_t websocket_key_bytes = 24;  ///< of base64

  /// Decodes a request's first block into `memory`, at least memory_bytes_min of it. The whole
  /// block is always taken, so that the table stays in step with the client's.
  [[nodiscard]] outcome head(std::string_view block, bool ends_stream, std::span<char> memory,
                             http::request_head& into);

  /// The block behind a body: lines "name: value\r\n" that may be relayed are appended to `into`.
  [[nodiscard]] outcome trailers(std::string_view block, std::span<char> memory, std::string& into);

  /// Keeps the table in step with a block that is not used. False: the connection is lost.
  [[nodiscard]] bool skip(std::string_view block, std::span<char> memory);

  /// Room for the largest head and for one field beyond it that the table may keep.
  [[nodiscard]] std::size_t memory_bytes_min() const noexcept {
    return limits_->head_bytes_max + 2 * hpack_table::bytes_possible;
  }

 private:
  hpack_decoder hpack_;
  const request_limits* limits_;
};

}  // namespace cardea::proxy::http2
