#pragma once

#include "proxy/http/header_table.hpp"

#include <cstdint>
#include <string_view>

namespace cardea::proxy::http {

/// How the end of a message body is found (RFC 9112 section 6.3).
enum class body_framing : std::uint8_t { none, length, chunked, until_close };

/// A range of the buffer that holds the head.
struct slice {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
  [[nodiscard]] std::string_view in(const char* buffer) const noexcept { return {buffer + offset, size}; }
};

enum class protocol_version : std::uint8_t { http10, http11 };

/// A validated request head. All slices point into the buffer that was parsed.
struct request_head {
  slice method;
  slice target;  ///< as received
  slice path;    ///< origin-form of the target (path and query); "*" for OPTIONS *; empty for an absolute-form without a path
  slice host;    ///< authority as received (absolute-form target wins over Host, they must agree); may carry a port; empty only for HTTP/1.0 without Host
  protocol_version version = protocol_version::http11;
  body_framing framing = body_framing::none;
  std::uint64_t content_length = 0;  ///< with body_framing::length
  bool keep_alive = true;            ///< RFC 9112 section 9.3
  bool expects_continue = false;     ///< Expect: 100-continue
  bool wants_upgrade = false;        ///< Connection lists upgrade, there is an Upgrade field, and it is not h2c
  bool is_head = false;
  bool is_connect = false;
  bool is_extended_connect = false;  ///< RFC 8441; method and fields are already those of an upgrade
  std::uint32_t head_bytes = 0;  ///< up to and with the empty line
  header_table fields;
};

/// A validated response head.
struct response_head {
  std::uint16_t status = 0;  ///< 100..599
  slice reason;
  protocol_version version = protocol_version::http11;
  body_framing framing = body_framing::none;
  std::uint64_t content_length = 0;
  bool has_content_length = false;  ///< also on answers without a body (HEAD, 304)
  bool keep_alive = true;
  std::uint32_t head_bytes = 0;
  header_table fields;
};

}  // namespace cardea::proxy::http
