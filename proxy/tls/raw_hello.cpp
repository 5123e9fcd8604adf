#include "proxy/tls/raw_hello.hpp"

#include "proxy/tls/client_hello.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace cardea::proxy::tls {
namespace {

using state = raw_hello::state;

constexpr std::uint8_t handshake_record = 22;
constexpr std::uint8_t client_hello_message = 1;
constexpr std::size_t record_header_bytes = 5;
constexpr std::size_t record_bytes_max = 16 * 1024;
constexpr std::size_t message_header_bytes = 4;

std::uint8_t byte_at(std::span<const char> bytes, std::size_t at) noexcept { return static_cast<std::uint8_t>(bytes[at]); }

/// Takes numbers and length-prefixed parts off the front; gives nothing once something was missing.
class cursor {
 public:
  explicit cursor(std::string_view rest) noexcept : rest_(rest) {}

  [[nodiscard]] std::optional<std::size_t> number(std::size_t bytes) noexcept {
    if (rest_.size() < bytes) return std::nullopt;
    std::size_t out = 0;
    for (std::size_t i = 0; i < bytes; ++i) out = out << 8U | static_cast<std::uint8_t>(rest_[i]);
    rest_.remove_prefix(bytes);
    return out;
  }
  [[nodiscard]] std::optional<std::string_view> bytes(std::size_t count) noexcept {
    if (rest_.size() < count) return std::nullopt;
    const std::string_view out = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return out;
  }
  /// A part behind its length in `width` bytes.
  [[nodiscard]] std::optional<std::string_view> part(std::size_t width) noexcept {
    const auto size = number(width);
    return size ? bytes(*size) : std::nullopt;
  }
  [[nodiscard]] bool ended() const noexcept { return rest_.empty(); }

 private:
  std::string_view rest_;
};

raw_hello read_message(std::string_view body) noexcept {
  const raw_hello none{state::none};
  cursor hello(body);
  const auto version = hello.bytes(2);
  const auto random = hello.bytes(32);
  const auto session = hello.part(1);
  const auto ciphers = hello.part(2);
  const auto compressions = hello.part(1);
  if (!version || !random || !session || !ciphers || !compressions) return none;
  raw_hello out{state::found};
  if (hello.ended()) return out;  // no extensions at all: before TLS 1.2
  const auto extensions = hello.part(2);
  if (!extensions || !hello.ended()) return none;
  cursor all(*extensions);
  bool has_name = false;
  while (!all.ended()) {
    const auto type = all.number(2);
    const auto value = all.part(2);
    if (!type || !value) return none;
    if (*type != 0) continue;
    auto name = parse_server_name(*value);
    if (!name || has_name) return none;
    has_name = true;
    out.server_name = std::move(*name);
  }
  return out;
}

}  // namespace

raw_hello read_raw_hello(std::span<char> wire) noexcept {
  const raw_hello none{state::none};
  std::size_t at = 0;        // in the wire
  std::size_t gathered = 0;  // of the handshake, at the wire's front
  std::size_t in_record = 0;  // still to come of the record that is cut off
  while (at < wire.size()) {
    if (byte_at(wire, at) != handshake_record) return none;
    if (wire.size() - at >= 2 && byte_at(wire, at + 1) != 3) return none;
    if (wire.size() - at < record_header_bytes) break;
    const std::size_t size = static_cast<std::size_t>(byte_at(wire, at + 3)) << 8U | byte_at(wire, at + 4);
    if (size == 0 || size > record_bytes_max) return none;
    at += record_header_bytes;
    const std::size_t there = std::min(size, wire.size() - at);
    std::memmove(wire.data() + gathered, wire.data() + at, there);
    gathered += there;
    at += there;
    in_record = size - there;
    if (gathered >= 1 && byte_at(wire, 0) != client_hello_message) return none;
    if (gathered < message_header_bytes) continue;
    const std::size_t body =
        static_cast<std::size_t>(byte_at(wire, 1)) << 16U | static_cast<std::size_t>(byte_at(wire, 2)) << 8U | byte_at(wire, 3);
    if (gathered >= message_header_bytes + body) return read_message({wire.data() + message_header_bytes, body});
    if (in_record > 0 || at == wire.size()) {
      const std::size_t missing = message_header_bytes + body - gathered;
      // What lies in further records stands behind at least one more header.
      return {state::need_more, wire.size() + missing + (missing > in_record ? record_header_bytes : 0)};
    }
  }
  // At least the next record's header and a byte of it, or the next byte of what is cut off.
  if (in_record > 0) return {state::need_more, wire.size() + 1};
  return {state::need_more, std::max(at + record_header_bytes + 1, wire.size() + 1)};
}

}  // namespace cardea::proxy::tls
