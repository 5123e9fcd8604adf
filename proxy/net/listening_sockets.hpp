#pragma once

#include "base/address.hpp"
#include "base/error.hpp"
#include "proxy/net/socket.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace cardea::proxy::net {

enum class transport : std::uint8_t { tcp, udp };

/// What is listened on.
struct endpoint {
  base::address where;
  transport kind = transport::tcp;

  friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// For messages: the address, and that it is UDP.
[[nodiscard]] std::string to_string(const endpoint& at);

/// A worker's descriptor of a listening socket; `index` is the socket's among those of its endpoint.
struct shared_socket {
  std::size_t index = 0;
  file_descriptor fd;
};

/// All listening sockets of the program, those of routes included: one for each worker and endpoint.
///
/// It owns them; a worker has a descriptor of its own for the same socket, so that who stops
/// listening first does not matter. A socket is gone when both let go. Belongs to the control thread.
///
/// Of sockets that somebody else bound there may be more or fewer than workers. None is closed for that: its
/// queue may hold clients. Surplus ones are dealt out; of TCP, workers without one share another's. A client's
/// datagrams must all come to one worker, so that a socket of UDP is never shared: some workers have none.
class listening_sockets {
 public:
  struct entry {
    endpoint at;
    std::vector<file_descriptor> sockets;
  };

  explicit listening_sockets(std::size_t workers) : workers_(workers) {}

  /// Takes over sockets that somebody else bound (one, or one for each worker).
  /// REQUIRES: `ready.sockets` is not empty, `ready.at` is not there yet.
  void adopt(entry ready) { entries_.push_back(std::move(ready)); }
  /// Binds what is not there yet: all of it or, with an error that names the address, nothing.
  [[nodiscard]] base::result<void> open(std::span<const endpoint> wanted);
  /// A worker's descriptors, one or several, of UDP perhaps none. An error when nobody listens there, or no
  /// descriptor is left.
  [[nodiscard]] base::result<std::vector<shared_socket>> share(const endpoint& at, std::size_t worker) const;
  void close(const endpoint& at) noexcept;
  void close_all() noexcept { entries_.clear(); }

  [[nodiscard]] bool has(const endpoint& at) const noexcept { return find(at) != nullptr; }
  [[nodiscard]] const std::vector<entry>& all() const noexcept { return entries_; }

 private:
  [[nodiscard]] const entry* find(const endpoint& at) const noexcept;

  std::size_t workers_;
  std::vector<entry> entries_;
};

}  // namespace cardea::proxy::net
