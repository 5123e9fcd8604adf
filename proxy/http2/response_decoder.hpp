#pragma once

#include "proxy/http/message_head.hpp"
#include "proxy/http2/hpack_decoder.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace cardea::proxy::http2 {

struct response_limits {
  std::size_t head_bytes_max = 32 * 1024;  ///< as SETTINGS_MAX_HEADER_LIST_SIZE counts
  std::size_t field_count_max = http::header_table::capacity;
  std::size_t trailer_bytes_max = 8 * 1024;
};

/// Header blocks of backends -> heads and trailers that any client may see (H11). Strict: what is
/// not allowed is malformed and costs the stream, never repaired. Sans-I/O, without allocation.
class response_decoder {
 public:
  response_decoder(std::size_t table_bytes_max, const response_limits& limits) noexcept
      : hpack_(table_bytes_max), limits_(&limits) {}

  enum class verdict : std::uint8_t {
    accepted,
    malformed,  ///< or too large: a stream error, 502 for the client
    broken,     ///< COMPRESSION_ERROR: the connection is lost
  };
  struct outcome {
    verdict is = verdict::accepted;
    std::string_view reason = {};  ///< static text
    std::size_t bytes = 0;         ///< of `memory` that are in use
  };

  /// Decodes an interim or final head into `memory`, a whole pooled buffer, into which the head's
  /// slices point. `to_head`: the answer to a HEAD. The whole block is always taken, so that the
  /// table stays in step with the backend's.
  [[nodiscard]] outcome head(std::string_view block, bool to_head, bool ends_stream, std::span<char> memory,
                             http::response_head& into);
  /// The block behind a body: lines "name: value\r\n" that may be relayed, at the begin of `memory`.
  [[nodiscard]] outcome trailers(std::string_view block, std::span<char> memory);
  /// Keeps the table in step with a block that is not used. False: the connection is lost.
  [[nodiscard]] bool skip(std::string_view block, std::span<char> memory);

 private:
  hpack_decoder hpack_;
  const response_limits* limits_;
};

}  // namespace cardea::proxy::http2
