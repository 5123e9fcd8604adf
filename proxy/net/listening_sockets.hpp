#pragma once

#include "base/address.hpp"
#include "base/error.hpp"
#include "proxy/net/socket.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cardea::proxy::net {

enum class transport : std::uint8_t { tcp, udp };

/// What is listened on.
struct endpoint {
  base::address where;
  transport kind = transport::tcp;

  friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// All listening sockets of the program, those of routes included: one for each worker and endpoint.
///
/// It owns them; a worker has a descriptor of its own for the same socket, so that who stops
/// listening first does not matter. A socket is gone when both let go. Belongs to the control thread.
class listening_sockets {
 public:
  struct entry {
    endpoint at;
    std::vector<file_descriptor> sockets;  ///< the worker's by number, modulo how many there are
  };

  explicit listening_sockets(std::size_t workers) : workers_(workers) {}

  /// Takes over sockets that somebody else bound (one, or one for each worker).
  /// REQUIRES: `ready.sockets` is not empty, `ready.at` is not there yet.
  void adopt(entry ready) { entries_.push_back(std::move(ready)); }
  /// Binds what is not there yet: all of it or, with an error that names the address, nothing.
  [[nodiscard]] base::result<void> open(std::span<const endpoint> wanted);
  /// A descriptor for a worker. An error when nobody listens there, or no descriptor is left.
  [[nodiscard]] base::result<file_descriptor> share(const endpoint& at, std::size_t worker) const;
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
