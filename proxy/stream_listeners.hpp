#pragma once

#include "proxy/connection.hpp"
#include "proxy/net/listener.hpp"
#include "proxy/net/listening_sockets.hpp"
#include "proxy/stream/udp_listener.hpp"

#include <memory>
#include <vector>

namespace cardea::proxy {

/// A descriptor of a listening socket on its way to a worker.
struct handed_socket {
  net::endpoint at;
  std::size_t index = 0;  ///< among the endpoint's sockets
  net::file_descriptor fd;
  std::vector<stream::udp_transfer> sessions = {};  ///< that were opened on it elsewhere
};

/// A UDP session on its way to the process that goes on in this one's place.
struct handed_session {
  net::endpoint at;
  std::size_t index = 0;  ///< of the socket among the endpoint's
  stream::udp_transfer session;
};

/// One worker's listeners of TCP and UDP routes: they come and go with the table; what they let in
/// stays. Worker's thread only; outlived by what it borrows.
class stream_listeners {
 public:
  /// `environment` is that of each TCP connection; its table is what `install` sets.
  stream_listeners(stream_environment& streams, const connection_environment& environment,
                   const stream::udp_limits& udp, std::size_t connections_max);
  stream_listeners(const stream_listeners&) = delete;
  stream_listeners& operator=(const stream_listeners&) = delete;
  ~stream_listeners();

  /// What new connections and sessions use. `fresh` holds the sockets that this worker has not got yet.
  void install(std::shared_ptr<const stream::route_table> table, std::vector<handed_socket> fresh);
  /// Takes nobody new.
  void drain() noexcept;
  /// As drain, for when somebody else goes on with the same sockets: the UDP sessions are his now.
  [[nodiscard]] std::vector<handed_session> hand_over();

 private:
  struct tcp_entrance;
  struct udp_share;

  [[nodiscard]] net::task<void> accept_connections(std::shared_ptr<tcp_entrance> in);
  [[nodiscard]] net::task<void> move_datagrams(std::shared_ptr<stream::udp_listener> listener);
  void install_tcp(const stream::shared_route& route, std::vector<handed_socket>& fresh);
  void install_udp(const stream::shared_route& route, std::vector<handed_socket>& fresh);

  stream_environment& streams_;
  const connection_environment& environment_;
  const stream::udp_limits udp_limits_;
  const std::size_t connections_max_;
  std::unique_ptr<udp_share> udp_;  ///< from the first UDP route on
  std::vector<std::shared_ptr<tcp_entrance>> tcp_entrances_;
  struct udp_entrance {
    net::endpoint at;
    std::size_t index = 0;
    std::shared_ptr<stream::udp_listener> listener;
  };
  std::vector<udp_entrance> udp_entrances_;
};

}  // namespace cardea::proxy
