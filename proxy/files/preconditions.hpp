#pragma once

#include "proxy/http/message_head.hpp"

#include <cstdint>
#include <string_view>

namespace cardea::proxy::files {

/// What tells one state of a representation from another.
struct validators {
  std::string_view tag;       ///< strong, with its quotes
  std::int64_t modified = 0;  ///< seconds since 1970
};

enum class verdict : std::uint8_t {
  send,
  not_modified,        ///< 304
  precondition_failed  ///< 412
};

/// The conditions of a GET or HEAD in the order of RFC 9110 section 13.2.2: If-Match, else If-Unmodified-Since; then
/// If-None-Match, else If-Modified-Since. A date that cannot be read is no condition. `now`: seconds since 1970.
[[nodiscard]] verdict evaluate(const http::request_head& head, const char* bytes, const validators& of,
                               std::int64_t now);

/// Whether a Range field counts (section 13.1.5): without an If-Range, or with exactly this tag or date. The date of
/// something that was changed in this very second proves nothing, a weak tag neither.
[[nodiscard]] bool range_applies(const http::request_head& head, const char* bytes, const validators& of,
                                 std::int64_t now);

/// The value of the first field of that name, which is written in lower case; empty when there is none.
[[nodiscard]] std::string_view field_value(const http::request_head& head, const char* bytes,
                                           std::string_view name) noexcept;

}  // namespace cardea::proxy::files
