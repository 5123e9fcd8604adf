#pragma once

#include <cstdint>
#include <string_view>

namespace cardea::proxy::http2 {

/// How a client wants a response to share the connection (RFC 9218).
struct priority {
  static constexpr std::uint8_t urgency_default = 3;
  static constexpr std::uint8_t urgency_count = 8;

  std::uint8_t urgency = urgency_default;  ///< 0 first, 7 last
  bool incremental = false;
};

/// The `u` and `i` members of a Priority field value; what is not understood counts as not there.
[[nodiscard]] priority parse_priority(std::string_view value) noexcept;

}  // namespace cardea::proxy::http2
