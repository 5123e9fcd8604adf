#pragma once

#include "base/address.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace cardea::proxy::stream {

/// Which of our addresses a datagram came to, and from which its answer has to leave.
struct local_end {
  sa_family_t family = AF_UNSPEC;  ///< AF_UNSPEC: the kernel did not tell, and chooses
  std::uint32_t interface = 0;     ///< of link-local addresses only
  std::array<std::uint8_t, 16> ip{};

  friend bool operator==(const local_end&, const local_end&) = default;
};

/// Datagrams that come and go many to a system call; one for each worker, used within one call.
class udp_batch {
 public:
  static constexpr std::size_t datagrams_max = 32;
  /// The most that UDP can carry: nothing is ever cut.
  static constexpr std::size_t datagram_bytes_max = 64 * 1024;

  udp_batch();

  /// How many came; 0: none now (`would_block`) or an error of the socket (`error`, an errno).
  struct received {
    std::size_t count = 0;
    int error = 0;
  };
  /// What waits on a socket. With `from_clients` who sent each, and to which of our addresses.
  [[nodiscard]] received receive(int fd, bool from_clients) noexcept;
  [[nodiscard]] base::address source(std::size_t index) const noexcept;
  [[nodiscard]] local_end destination(std::size_t index) const noexcept;

  /// Sends the datagrams [first, first + count) on a connected socket; how many left. Stops at an
  /// error (an errno in `error`).
  [[nodiscard]] received send(int fd, std::size_t first, std::size_t count) noexcept;
  /// Sends all `count` to one client, from the address that it wrote to.
  [[nodiscard]] received answer(int fd, std::size_t count, const base::address& client, const local_end& from) noexcept;

 private:
  // Room for IP_PKTINFO and IPV6_PKTINFO.
  using control = std::array<std::uint8_t, 128>;

  [[nodiscard]] received send_prepared(int fd, std::size_t first, std::size_t count) noexcept;

  std::unique_ptr<char[]> data_;
  std::vector<mmsghdr> headers_;
  std::vector<iovec> pieces_;
  std::vector<sockaddr_storage> names_;
  alignas(cmsghdr) std::array<control, datagrams_max> controls_{};
};

}  // namespace cardea::proxy::stream
