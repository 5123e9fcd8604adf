#pragma once

#include "proxy/http/message_head.hpp"
#include "proxy/http1/field_line.hpp"
#include "proxy/http1/framing_fields.hpp"
#include "proxy/http1/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cardea::proxy::http1 {

/// Why a message was refused, for the log and the tests; maps to an HTTP status.
struct rejection {
  std::uint16_t status = 400;    ///< what the client is told: 400, 413, 414, 417, 431, 501 or 505
  std::string_view reason = {};  ///< static text, e.g. "space before the colon of a field line"
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

  /// After parse_status::failed, which lasts until `reset`.
  [[nodiscard]] const rejection& why() const noexcept { return rejection_; }

  /// Ready for the next head.
  void reset() noexcept;

 private:
  enum class stage : std::uint8_t { request_line, fields, failed };

  parse_status read_request_line(std::string_view bytes, http::request_head& head) noexcept;
  parse_status read_target(std::string_view bytes, std::size_t at, http::request_head& head) noexcept;
  parse_status read_version(std::string_view bytes, std::size_t at, http::request_head& head) noexcept;
  parse_status read_fields(std::string_view bytes, http::request_head& head) noexcept;
  [[nodiscard]] bool accept_target(std::string_view bytes, http::request_head& head) noexcept;
  [[nodiscard]] bool accept_absolute_form(std::string_view bytes, std::size_t prefix,
                                          http::request_head& head) noexcept;
  [[nodiscard]] bool accept_field(http::field line, std::string_view bytes,
                                  http::request_head& head) noexcept;
  [[nodiscard]] bool accept_host(http::field line, std::string_view bytes, http::request_head& head) noexcept;
  [[nodiscard]] bool accept_head(const char* data, http::request_head& head) noexcept;
  [[nodiscard]] bool accept_upgrade(const char* data, http::request_head& head) noexcept;
  bool refuse(std::uint16_t status, std::string_view reason) noexcept;
  parse_status fail(std::uint16_t status, std::string_view reason) noexcept;

  const head_limits* limits_;
  line_position position_;
  framing_fields framing_;
  std::uint16_t default_port_ = 0;  ///< of the target's scheme; 0 unless in absolute-form
  stage stage_ = stage::request_line;
  rejection rejection_;
};

}  // namespace cardea::proxy::http1
