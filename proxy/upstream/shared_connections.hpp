#pragma once

#include "proxy/http2/client_connection.hpp"
#include "proxy/net/task.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace cardea::proxy::upstream {

struct backend_connection;

/// One worker's HTTP/2 connections to one backend, each with many exchanges at once.
///
/// Each lives in a coroutine of the loop, which ends by itself: idle, at the backend's GOAWAY, when
/// it breaks. Outlives them; worker's thread only.
class shared_connections {
 public:
  /// `environment.on_room` is called when one exchange more fits, or one connection more.
  shared_connections(net::event_loop& loop, const http2::client_environment& environment) noexcept
      : loop_(loop), environment_(environment) {}
  shared_connections(const shared_connections&) = delete;
  shared_connections& operator=(const shared_connections&) = delete;

  /// The oldest connection that takes one stream more, so that others can become idle; or null.
  [[nodiscard]] http2::client_connection* find_room() const noexcept;
  /// Takes over a connection whose handshake is done; null when the loop ends.
  [[nodiscard]] http2::client_connection* adopt(std::unique_ptr<backend_connection> fresh);
  /// Of those that still take streams.
  [[nodiscard]] std::size_t size() const noexcept;
  /// Nothing is left that refers to this.
  [[nodiscard]] bool empty() const noexcept { return alive_ == 0; }

 private:
  [[nodiscard]] net::task<void> drive(std::unique_ptr<backend_connection> transport);

  net::event_loop& loop_;
  http2::client_environment environment_;
  std::vector<http2::client_connection*> connections_;  ///< by age
  std::size_t alive_ = 0;  ///< coroutines: connections, and those of which only the end is left
};

}  // namespace cardea::proxy::upstream
