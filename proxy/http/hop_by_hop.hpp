#pragma once

#include "proxy/http/header_table.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace cardea::proxy::http {

/// The names that a message's Connection fields list (RFC 9110 section 7.6.1).
///
/// Views into the message's buffer. What a client lists there cannot remove
/// fields that others rely on: framing, routing, authentication (T10).
class connection_options {
 public:
  /// More names than this and all of them are treated as listed: a message
  /// that lists so many hides something.
  static constexpr std::size_t capacity = 16;

  connection_options(const header_table& fields, const char* buffer) noexcept;
  [[nodiscard]] bool lists(std::string_view name) const noexcept;

 private:
  std::array<std::string_view, capacity> names_;
  std::size_t size_ = 0;
};

/// Whether a request's field line goes to the backend as it is: not when it is
/// hop-by-hop (T09), framing (re-made), a claim about the client that we make
/// ourselves (T11), `Proxy` (T13), or a name with an underscore, which CGI-like
/// backends take for another name (T08). Pure.
[[nodiscard]] bool forwards_to_backend(const field& line, const char* buffer,
                                       const connection_options& options) noexcept;

/// Whether a response's field line goes to the client as it is: not when it is
/// hop-by-hop or framing. Pure.
[[nodiscard]] bool forwards_to_client(const field& line, const char* buffer,
                                      const connection_options& options) noexcept;

}  // namespace cardea::proxy::http
