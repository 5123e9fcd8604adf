#pragma once

#include "proxy/http/message_head.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cardea::proxy::http1 {

struct head_limits {
  std::size_t line_bytes_max = 8 * 1024;    ///< the request line
  std::size_t head_bytes_max = 32 * 1024;   ///< everything up to and with the empty line
  std::size_t header_count_max = 100;       ///< at most header_table::capacity
};

enum class parse_status : std::uint8_t { need_more, done, failed };

/// Why a message was refused, for the log and the tests; maps to an HTTP status.
struct rejection {
  std::uint16_t status = 400;     ///< what the client is told: 400, 413, 414, 417, 431, 501 or 505
  std::string_view reason = {};   ///< static text, e.g. "space before the colon of a field line"
};

/// A strict, incremental parser of request heads (RFC 9112): rejects, never repairs.
///
/// Sans-I/O and without allocation. `parse` is called with all bytes that have
/// arrived since the head began, each time with the same ones and possibly
/// more; every complete line is looked at once. The result does not depend on
/// how the bytes were split (S31). One empty line before the request line is
/// skipped (RFC 9112 section 2.2); the offsets count from the buffer's begin
/// all the same.
class request_parser {
 public:
  explicit request_parser(const head_limits& limits) noexcept : limits_(&limits) {}

  /// REQUIRES: the bytes of earlier calls are unchanged (the buffer may have moved).
  [[nodiscard]] parse_status parse(std::string_view bytes, http::request_head& head) noexcept;

  /// After parse_status::failed.
  [[nodiscard]] const rejection& why() const noexcept { return rejection_; }

  /// Ready for the next head.
  void reset() noexcept;

 private:
  [[nodiscard]] parse_status refuse(const rejection& why) noexcept;

  const head_limits* limits_;
  std::size_t line_begin_ = 0;     ///< first byte that is not yet consumed by a complete line
  std::size_t scanned_ = 0;        ///< no line end before this
  bool have_request_line_ = false;
  rejection rejection_;
};

}  // namespace cardea::proxy::http1
