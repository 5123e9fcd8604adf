#pragma once

#include "base/error.hpp"
#include "base/fetch.hpp"
#include "base/fetch_options.hpp"

namespace cardea::base {

/// The real HTTP/1.1 client behind base::fetch.
///
/// TLS: at least 1.2, server certificate and host name (or address) verified,
/// SNI sent for names. All addresses of a host are tried. Idle connections are
/// reused for the same scheme, host and port; a request whose reused connection
/// is lost before the first byte of an answer is sent once more on a fresh one,
/// whatever its method, as curl does (a connection that the server has visibly
/// closed is never reused, so only a race within one round trip gets there).
///
/// Errors name the host and the step (resolve, connect, TLS handshake with the
/// verification's reason, write, read) and never a path, query, field value or
/// body:
///  - errc::invalid_argument: the request cannot be sent as it is (URL, CR or LF in a field, ...)
///  - errc::timed_out: the request's deadline passed
///  - errc::limit_exceeded: the answer's body or head is longer than allowed
///  - errc::protocol: the answer is malformed or ended early
///  - errc::closed: the server closed before it answered
///  - errc::cancelled: the caller withdrew
///  - otherwise the resolver's, the socket's or the TLS library's code
///
/// Here: errc::io or errc::invalid_argument naming the CA file that cannot be used.
///
/// The function runs on the executor of whoever awaits it, always the control
/// thread's. It holds connections: the last copy dies before that context does.
[[nodiscard]] result<fetch> make_fetch(const fetch_client_options& options);

}  // namespace cardea::base
