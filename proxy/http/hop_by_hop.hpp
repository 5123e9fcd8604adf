#pragma once

#include "proxy/http/header_table.hpp"

#include <array>
#include <cstddef>
#include <string_view>

/// Which fields of a message travel on (RFC 9110 section 7.6.1; rows T08-T13 and S37
/// of the security list). Pure functions, no allocation.
///
/// What is dropped here and needed on the other side is written anew by whoever
/// serialises: Transfer-Encoding from the framing, Connection and Upgrade when an
/// upgrade is wanted (or was accepted with 101), the X-Forwarded fields from the peer.
/// Host, Content-Length and Expect count as end-to-end: the parsers accept at most one
/// Host and one canonical Content-Length, so a copy of them is exact.
namespace cardea::proxy::http {

/// The names listed by the Connection fields of one message. Views into the buffer
/// that was given: neither it nor the table may go away or move meanwhile.
class connection_options {
 public:
  connection_options(const header_table& fields, const char* buffer) noexcept;

  /// Whether `name` is listed, compared without case.
  [[nodiscard]] bool lists(std::string_view name) const noexcept;
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

 private:
  static constexpr std::size_t capacity = 16;

  const header_table* fields_;
  const char* buffer_;
  std::size_t size_ = 0;  ///< all that are listed; only the first `capacity` are kept
  std::array<std::string_view, capacity> names_;
};

/// Whether a field of a request from an untrusted client goes to the backend. Dropped:
/// hop-by-hop fields and those that `options` lists, TE unless it is exactly `trailers`,
/// Trailer, Proxy, HTTP2-Settings, names with `_` or `.` (which some backends take for
/// `-`), Forwarded, X-Forwarded-*, X-Real-IP and Via, and what only a proxy may say about
/// a client's certificate (X-SSL-Client-*, SSL-Client-*, Client-Cert*, T12). Names that carry identity,
/// framing or routing are never dropped because a client lists them (T10).
[[nodiscard]] bool forwards_to_backend(const field& line, const char* buffer,
                                       const connection_options& options) noexcept;

/// Whether a field of a response goes to the client: all but the hop-by-hop ones and
/// those that `options` lists.
[[nodiscard]] bool forwards_to_client(const field& line, const char* buffer,
                                      const connection_options& options) noexcept;

/// Whether a trailer field may be relayed: nothing that frames, routes, authenticates
/// or controls (RFC 9110 section 6.5.1, S21). `id` is that of `name`.
[[nodiscard]] bool forwards_as_trailer(field_id id, std::string_view name) noexcept;

}  // namespace cardea::proxy::http
