#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace cardea::proxy::tls {

/// What the first bytes of a connection say about the server that is meant. Pure.
struct raw_hello {
  enum class state {
    need_more,  ///< may become a ClientHello
    found,      ///< a whole ClientHello; `server_name` is empty when it names none
    none,       ///< not one, or one that contradicts itself: whoever terminates TLS may judge it
  };
  state seen = state::need_more;
  std::size_t bytes = 0;             ///< need_more: fewer than so many decide nothing
  std::string server_name = {};  ///< lower case, without a final dot
};

/// RFC 8446 sections 4.1.2 and 5.1, RFC 6066 section 3: whatever the records that it is cut into.
///
/// `wire` holds the connection from its first byte on, and is scratch: the handshake is put together
/// in place.
[[nodiscard]] raw_hello read_raw_hello(std::span<char> wire) noexcept;

}  // namespace cardea::proxy::tls
