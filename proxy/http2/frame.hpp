#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// The frame layer of HTTP/2 (RFC 9113 section 4): numbers and nothing else.
namespace cardea::proxy::http2 {

enum class frame_type : std::uint8_t {
  data = 0,
  headers = 1,
  priority = 2,
  rst_stream = 3,
  settings = 4,
  push_promise = 5,
  ping = 6,
  goaway = 7,
  window_update = 8,
  continuation = 9,
  priority_update = 16,  ///< RFC 9218 section 7.1
};

namespace flag {
inline constexpr std::uint8_t end_stream = 0x01;
inline constexpr std::uint8_t ack = 0x01;
inline constexpr std::uint8_t end_headers = 0x04;
inline constexpr std::uint8_t padded = 0x08;
inline constexpr std::uint8_t priority = 0x20;
}  // namespace flag

/// RFC 9113 section 7.
enum class error_code : std::uint32_t {
  no_error = 0,
  protocol_error = 1,
  internal_error = 2,
  flow_control_error = 3,
  settings_timeout = 4,
  stream_closed = 5,
  frame_size_error = 6,
  refused_stream = 7,
  cancel = 8,
  compression_error = 9,
  connect_error = 10,
  enhance_your_calm = 11,
  inadequate_security = 12,
  http_1_1_required = 13,
};

/// RFC 9113 section 6.5.2, RFC 8441, RFC 9218.
enum class setting : std::uint16_t {
  header_table_size = 1,
  enable_push = 2,
  max_concurrent_streams = 3,
  initial_window_size = 4,
  max_frame_size = 5,
  max_header_list_size = 6,
  enable_connect_protocol = 8,
  no_rfc7540_priorities = 9,
};

inline constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
inline constexpr std::size_t frame_header_bytes = 9;
/// The largest payload that we take, and send to those who do not ask for more: the protocol's default.
inline constexpr std::size_t frame_payload_max = 16'384;
inline constexpr std::uint32_t stream_id_max = 0x7fff'ffff;
inline constexpr std::uint32_t default_window = 65'535;

struct frame_header {
  std::uint32_t length = 0;
  frame_type type = frame_type::data;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;

  [[nodiscard]] bool has(std::uint8_t one) const noexcept { return (flags & one) != 0; }
};

[[nodiscard]] inline std::uint32_t read_u32(const char* at) noexcept {
  const auto byte = [at](int i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(at[i])); };
  return byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
}

[[nodiscard]] inline std::uint16_t read_u16(const char* at) noexcept {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(at[0]) << 8 | static_cast<unsigned char>(at[1]));
}

inline void write_u32(char* at, std::uint32_t value) noexcept {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<char>(value >> (24 - 8 * i));
}

inline void write_u16(char* at, std::uint16_t value) noexcept {
  at[0] = static_cast<char>(value >> 8);
  at[1] = static_cast<char>(value);
}

/// REQUIRES: frame_header_bytes at `at`. The reserved bit of the stream is dropped.
[[nodiscard]] inline frame_header read_frame_header(const char* at) noexcept {
  return {read_u32(at) >> 8, static_cast<frame_type>(at[3]), static_cast<std::uint8_t>(at[4]),
          read_u32(at + 5) & stream_id_max};
}

inline void write_frame_header(char* at, const frame_header& header) noexcept {
  write_u32(at, header.length << 8 | static_cast<std::uint32_t>(header.type));
  at[4] = static_cast<char>(header.flags);
  write_u32(at + 5, header.stream);
}

/// What a payload holds without its padding and priority fields; nothing when they do not fit it.
struct unpadded {
  bool fits = false;
  std::string_view content = {};
  std::uint32_t dependency = 0;  ///< of a priority field; 0 without
};
/// For HEADERS frames (RFC 9113 section 6.2).
[[nodiscard]] unpadded strip_padding(const frame_header& header, std::string_view payload) noexcept;

}  // namespace cardea::proxy::http2
