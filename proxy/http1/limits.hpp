#pragma once

#include <cstddef>
#include <cstdint>

namespace cardea::proxy::http1 {

struct head_limits {
  std::size_t line_bytes_max = 8 * 1024;   ///< the request or status line, without its CRLF
  std::size_t head_bytes_max = 32 * 1024;  ///< everything up to and with the empty line
  std::size_t header_count_max = 100;      ///< at most header_table::capacity
};

enum class parse_status : std::uint8_t { need_more, done, failed };

}  // namespace cardea::proxy::http1
