#pragma once

#include "proxy/http/message_head.hpp"
#include "proxy/http1/request_parser.hpp"

namespace cardea::proxy::http1 {

/// The backend's side of request_parser, as strict (S34): a failure means 502
/// and a connection that is never reused.
class response_parser {
 public:
  explicit response_parser(const head_limits& limits) noexcept : limits_(&limits) {}

  /// `to_head`: the request was HEAD, so there is no body whatever the fields say.
  /// Interim (1xx) heads are reported like any other; the caller resets and goes on.
  [[nodiscard]] parse_status parse(std::string_view bytes, bool to_head, http::response_head& head) noexcept;

  [[nodiscard]] std::string_view why() const noexcept { return reason_; }
  void reset() noexcept;

 private:
  [[nodiscard]] parse_status refuse(std::string_view why) noexcept;

  const head_limits* limits_;
  std::size_t line_begin_ = 0;
  std::size_t scanned_ = 0;
  bool have_status_line_ = false;
  std::string_view reason_;
};

}  // namespace cardea::proxy::http1
