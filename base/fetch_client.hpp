#pragma once

#include "base/error.hpp"
#include "base/fetch.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace cardea::base {

struct fetch_client_options {
  std::vector<std::string> ca_files;  ///< PEM, trusted besides the system's certificates
  bool system_cas = true;             ///< false: only `ca_files` are trusted
  bool verify_peer = true;            ///< false: any certificate of any name, for who says so for a server of his own
  std::string user_agent = "cardea";  ///< used when a request names none
  std::size_t head_bytes_max = 64 * 1024;
  std::size_t idle_connections_max = 4;           ///< kept for reuse, all hosts together; 0 = none
  std::chrono::milliseconds idle_timeout{4'000};  ///< shorter than the common servers' own (5 s)
};

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
