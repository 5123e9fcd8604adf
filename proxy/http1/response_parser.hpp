#pragma once

#include "proxy/http/message_head.hpp"
#include "proxy/http1/field_line.hpp"
#include "proxy/http1/framing_fields.hpp"
#include "proxy/http1/limits.hpp"

#include <cstdint>
#include <string_view>

namespace cardea::proxy::http1 {

/// The backend's side of request_parser, as strict (S34): a failure means 502
/// and a connection that is never reused.
class response_parser {
 public:
  explicit response_parser(const head_limits& limits) noexcept : limits_(&limits) {}

  /// `to_head`: the request was HEAD, so there is no body whatever the fields say.
  /// Interim (1xx) heads are reported like any other; the caller resets and goes on.
  [[nodiscard]] parse_status parse(std::string_view bytes, bool to_head, http::response_head& head) noexcept;

  /// Static text, after parse_status::failed, which lasts until `reset`.
  [[nodiscard]] std::string_view why() const noexcept { return reason_; }
  void reset() noexcept;

 private:
  enum class stage : std::uint8_t { status_line, fields, failed };

  parse_status read_status_line(std::string_view bytes, http::response_head& head) noexcept;
  parse_status read_fields(std::string_view bytes, bool to_head, http::response_head& head) noexcept;
  [[nodiscard]] bool accept_field(http::field line, const char* data, http::response_head& head) noexcept;
  [[nodiscard]] bool accept_head(bool to_head, http::response_head& head) noexcept;
  bool refuse(std::string_view reason) noexcept;
  parse_status fail(std::string_view reason) noexcept;

  const head_limits* limits_;
  line_position position_;
  framing_fields framing_;
  stage stage_ = stage::status_line;
  std::string_view reason_;
};

}  // namespace cardea::proxy::http1
