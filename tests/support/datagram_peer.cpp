#include "tests/support/datagram_peer.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cardea::tests {

datagram_peer::datagram_peer(const char* host) {
  const base::address any = base::address::from_parts(host, 0).value();
  fd_ = ::socket(any.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int bytes = 4 * 1024 * 1024;
  setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  bind(fd_, any.data(), any.size());
}

datagram_peer::datagram_peer(const char* host, echoing_tag) : datagram_peer(host) {
  echoing_ = std::thread([this] { echo(); });
}

datagram_peer::~datagram_peer() {
  stopping_ = true;
  if (echoing_.joinable()) echoing_.join();
  ::close(fd_);
}

std::uint16_t datagram_peer::free_port() { return datagram_peer("127.0.0.1").address().port(); }

void datagram_peer::send(const std::string& data, const base::address& to) const {
  ::sendto(fd_, data.data(), data.size(), 0, to.data(), to.size());
}

std::optional<std::string> datagram_peer::wait_for(std::chrono::milliseconds limit) {
  pollfd watched{fd_, POLLIN, 0};
  if (::poll(&watched, 1, static_cast<int>(limit.count())) <= 0) return std::nullopt;
  std::string out(65'536, '\0');
  sockaddr_storage source{};
  socklen_t size = sizeof source;
  const ssize_t got = ::recvfrom(fd_, out.data(), out.size(), 0, reinterpret_cast<sockaddr*>(&source), &size);
  if (got < 0) return std::nullopt;
  out.resize(static_cast<std::size_t>(got));
  const std::lock_guard lock(mutex_);
  last_source_ = base::address(reinterpret_cast<const sockaddr*>(&source), size);
  return out;
}

base::address datagram_peer::address() const {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  getsockname(fd_, reinterpret_cast<sockaddr*>(&own), &size);
  return {reinterpret_cast<const sockaddr*>(&own), size};
}

base::address datagram_peer::last_source() const {
  const std::lock_guard lock(mutex_);
  return last_source_;
}

void datagram_peer::echo() {
  while (!stopping_) {
    const auto got = wait_for(std::chrono::milliseconds(20));
    if (got) send("echo " + *got, last_source());
  }
}

}  // namespace cardea::tests
