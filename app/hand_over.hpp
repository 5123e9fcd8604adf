#pragma once

#include "base/async.hpp"
#include "base/secret.hpp"
#include "proxy/net/descriptor_channel.hpp"
#include "proxy/net/listening_sockets.hpp"
#include "proxy/stream_listeners.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a process and the one that takes its place say to one another, in this order:
///
///     old: hello, listening*, api?, tickets, sticky, inventory_ends     what there is
///     new: prepared             its configuration is good, its listeners are bound
///     old: certificates         it writes no certificate any more, nor will it
///     new: ready                it can serve
///     old: sessions*, yours     it lets nobody in any more
///
/// Until `yours` the new process serves nobody, and its end, however it comes, loses nothing.
namespace cardea::app {

enum class hand_over_message : char {
  hello = 'H',
  listening = 'L',
  api = 'A',
  tickets = 'T',
  sticky = 'S',
  inventory_ends = 'E',
  prepared = 'p',
  certificates = 'C',
  ready = 'r',
  sessions = 'U',
  yours = 'Y',
};

/// The first message. Another version of the protocol is refused, never guessed.
inline constexpr std::string_view hand_over_protocol = "cardea hand-over 1";

/// Everything that a process takes over before it reads its configuration.
struct inheritance {
  std::vector<proxy::net::listening_sockets::entry> listening;
  std::string api_addr;  ///< as configured
  proxy::net::file_descriptor api;
  base::secret tickets;  ///< proxy::server::ticket_state
  base::secret sticky;   ///< route_resolver::sticky_secret
};

[[nodiscard]] std::string to_bytes(const proxy::net::endpoint& at);
[[nodiscard]] std::optional<proxy::net::endpoint> endpoint_of(std::string_view bytes);

/// Messages of kind `sessions`; each session's descriptor goes beside its bytes.
constexpr std::size_t sessions_of_message_max = 100;
[[nodiscard]] std::string to_bytes(const std::vector<const proxy::handed_session*>& sessions);
/// Empty when that is not a list of sessions with their descriptors.
[[nodiscard]] std::vector<proxy::handed_session> sessions_of(proxy::net::descriptor_channel::message from);

/// The next message of either process; errc::timed_out at `until`, errc::closed when the other one is gone.
/// REQUIRES: the channel outlives the call.
[[nodiscard]] base::awaitable<base::result<proxy::net::descriptor_channel::message>> await_message(
    proxy::net::descriptor_channel& from, base::steady_timer::time_point until);

}  // namespace cardea::app
