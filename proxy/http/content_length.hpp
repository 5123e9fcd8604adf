#pragma once

#include <cstdint>
#include <string_view>

namespace cardea::proxy::http {

/// A Content-Length as it may come in: digits without sign, list or leading zero (S13-S15).
struct content_length {
  std::uint64_t bytes = 0;
  std::string_view why = {};  ///< static text that says why it is refused; empty if it is not
};

[[nodiscard]] content_length parse_content_length(std::string_view value) noexcept;

}  // namespace cardea::proxy::http
