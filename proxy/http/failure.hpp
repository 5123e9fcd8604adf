#pragma once

#include <cstdint>
#include <string_view>

namespace cardea::proxy::http {

/// Who is to blame.
enum class side : std::uint8_t { client, backend, internal };

enum class failure_kind : std::uint8_t {
  refused_request,      ///< framing or identity in doubt; the status is the parser's
  request_timed_out,    ///< 408
  method_not_allowed,   ///< 405: CONNECT
  no_route,             ///< 404: no route for the host
  not_found,            ///< 404: no such file
  misdirected,          ///< 421: the host is not served on this TLS name
  no_backend,           ///< 503: the route has no address to go to
  overloaded,           ///< 503: a limit of ours
  connect_refused,      ///< 502
  connect_timed_out,    ///< 504
  backend_tls_failed,   ///< 502: its certificate did not verify, or it does not speak TLS
  backend_reset,        ///< 502: closed before a response head
  response_refused,     ///< 502: the response breaks the protocol
  response_timed_out,   ///< 504: no response head in time
  client_gone,          ///< nobody is left to answer
  body_timed_out,       ///< 408: the request body stopped
};

/// A failure of one exchange, as data: who, what, and whether a fresh connection may help.
struct failure {
  failure_kind kind;
  side blame = side::internal;
  std::uint16_t status = 0;      ///< only with refused_request
  std::string_view reason = {};  ///< static text for the log
};

/// The one place where a cause becomes a status (RFC 9110 section 15).
[[nodiscard]] std::uint16_t status_of(const failure& cause) noexcept;

/// The reason phrase of RFC 9110, or "" for an unknown status.
[[nodiscard]] std::string_view reason_phrase(std::uint16_t status) noexcept;

}  // namespace cardea::proxy::http
