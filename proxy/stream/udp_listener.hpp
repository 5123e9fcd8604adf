#pragma once

#include "proxy/stream/keyed_hash.hpp"
#include "proxy/stream/route_table.hpp"
#include "proxy/stream/udp_sessions.hpp"

#include <memory>
#include <unordered_map>
#include <vector>

namespace cardea::proxy::stream {

/// A session on its way to who reads the socket from now on.
struct udp_transfer {
  udp_flow flow;
  base::address backend;
  net::file_descriptor fd;  ///< connected to the backend
};

/// One worker's socket of a UDP route, and the sessions of those who write to it.
///
/// A client's first datagram opens a session; answers go to clients only, from the address that they
/// wrote to, and only what the backend sent. Worker's thread only; outlived by what it borrows.
class udp_listener final : public udp_session_owner {
 public:
  udp_listener(net::event_loop& loop, udp_sessions& sessions, udp_batch& batch, shared_route to);
  udp_listener(const udp_listener&) = delete;
  udp_listener& operator=(const udp_listener&) = delete;
  ~udp_listener() override;

  /// Takes over a bound socket; false when the kernel refuses to watch it.
  [[nodiscard]] bool open(net::file_descriptor fd) noexcept;
  /// Moves datagrams until `close` or the loop stops.
  [[nodiscard]] net::task<void> run();

  /// The route from now on: sessions stay whose backend still is among its addresses.
  void use(shared_route to);
  /// No new sessions; those that are open go on.
  void drain() noexcept { draining_ = true; }
  /// Ends everything; `run` returns.
  void close() noexcept;

  /// Reads no more and gives away the sessions, for whoever reads the same socket from now on; `run` returns.
  [[nodiscard]] std::vector<udp_transfer> hand_over();
  /// Goes on with a session from elsewhere. One whose backend is not among the route's, or for which there is no
  /// room, is dropped: its client's next datagram opens another.
  void take(udp_transfer from);

  void end(udp_session& one) noexcept override;

 private:
  struct flow_hash {
    std::uint64_t seed;
    std::size_t operator()(const udp_flow& value) const noexcept;
  };

  [[nodiscard]] bool receive();
  [[nodiscard]] bool answer();
  [[nodiscard]] udp_session* session_of(const udp_flow& flow);
  [[nodiscard]] bool connect(udp_session& one, const base::address& where) noexcept;
  [[nodiscard]] bool fail_over(udp_session& one) noexcept;
  void forward(udp_session& one, std::size_t first, std::size_t count) noexcept;
  [[nodiscard]] bool answer_of(udp_session& one) noexcept;
  void tell(std::string_view reason) noexcept;
  static void on_event(net::watch& events) noexcept;

  net::event_loop& loop_;
  udp_sessions& sessions_;
  udp_batch& batch_;
  shared_route route_;
  net::waiter waiter_;
  net::file_descriptor fd_;
  net::watch watch_;
  std::unordered_map<udp_flow, std::unique_ptr<udp_session>, flow_hash> by_flow_;
  std::vector<udp_session*> queued_;  ///< whose backend sent something
  std::vector<udp_session*> ready_;   ///< those of them whose turn it is; only within `answer`
  bool draining_ = false;
};

}  // namespace cardea::proxy::stream
