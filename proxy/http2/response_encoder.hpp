#pragma once

#include "proxy/http/exchange.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cardea::proxy::http2 {

/// Response heads and trailers -> header blocks (RFC 7541). Pure; allocates nothing.
///
/// Names come from the static table and nothing enters a dynamic one: a response costs no
/// state that a client could make us keep, and no look-up.
class block_writer {
 public:
  /// REQUIRES: as much room at `out` as the bound of what is written says.
  explicit block_writer(char* out) noexcept : begin_(out), at_(out) {}

  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(at_ - begin_); }

  void status(std::uint16_t code) noexcept;
  /// A field of the static table with its value. REQUIRES: 1 <= index <= static_field_count.
  void indexed_field(std::size_t index) noexcept;
  /// Tells a peer that wants a smaller table than there is by default that none is kept. Only at
  /// the begin of a block; RFC 7541 section 4.2.
  void drop_table() noexcept { *at_++ = 0x20; }
  /// `name` in any case. Credentials are marked so that nobody compresses them.
  void field(std::string_view name, std::string_view value) noexcept;
  /// The same with a value in two parts. REQUIRES: a name in lower case of the static table.
  void field_after(std::string_view name, std::string_view front, std::string_view rest) noexcept;
  void number(std::string_view name, std::uint64_t value) noexcept;
  /// "Name: value\r\n" lines, but for those that belong to an HTTP/1 connection.
  void lines(std::string_view text) noexcept;
  /// The fields of a backend's head that go to clients, without Content-Length.
  void relayed(const http::response_head& head, const char* bytes) noexcept;

  /// What one field may need besides its text.
  static constexpr std::size_t field_overhead = 12;

 private:
  void integer(std::uint8_t pattern, unsigned prefix_bits, std::size_t value) noexcept;

  char* begin_;
  char* at_;
};

/// No block of this head is longer.
[[nodiscard]] std::size_t block_bound(const http::response_start& start) noexcept;
[[nodiscard]] std::size_t block_bound(const http::response_head& head) noexcept;
[[nodiscard]] std::size_t block_bound(std::string_view lines) noexcept;

}  // namespace cardea::proxy::http2
