#include "proxy/net/descriptor_channel.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace cardea::proxy::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

base::error system_failure(std::string_view step) {
  const int number = errno;
  return {base::error_code(number, boost::system::generic_category()),
          std::string(step) + ": " + boost::system::generic_category().message(number)};
}

// Takes every descriptor, so that none is lost track of, whatever else is wrong with the message.
std::vector<file_descriptor> descriptors_of(msghdr& from) {
  std::vector<file_descriptor> out;
  for (cmsghdr* each = CMSG_FIRSTHDR(&from); each != nullptr; each = CMSG_NXTHDR(&from, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(each) + i * sizeof fd, sizeof fd);
      out.emplace_back(fd);
    }
  }
  return out;
}

}  // namespace

base::result<std::pair<descriptor_channel, file_descriptor>> descriptor_channel::pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
    return system_failure("socketpair");
  return std::pair(descriptor_channel(file_descriptor(ends[0])), file_descriptor(ends[1]));
}

bool descriptor_channel::is_channel(int fd) noexcept {
  int domain = 0;
  int type = 0;
  socklen_t size = sizeof domain;
  if (::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0) return false;
  size = sizeof type;
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return false;
  return domain == AF_UNIX && type == SOCK_SEQPACKET;
}

base::result<void> descriptor_channel::send(char kind, std::string_view text, const std::vector<int>& descriptors,
                                            milliseconds patience) {
  if (text.size() > message_bytes_max || descriptors.size() > descriptors_max)
    return base::error(base::errc::limit_exceeded, "a message between processes is too long");
  std::array<iovec, 2> pieces{{{&kind, 1}, {const_cast<char*>(text.data()), text.size()}}};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(descriptors_max * sizeof(int))> control{};
  msghdr out{};
  out.msg_iov = pieces.data();
  out.msg_iovlen = pieces.size();
  if (!descriptors.empty()) {
    const std::size_t bytes = descriptors.size() * sizeof(int);
    out.msg_control = control.data();
    out.msg_controllen = CMSG_SPACE(bytes);
    cmsghdr* const header = CMSG_FIRSTHDR(&out);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(bytes);
    std::memcpy(CMSG_DATA(header), descriptors.data(), bytes);
  }
  const auto until = steady_clock::now() + patience;
  while (::sendmsg(fd_.get(), &out, MSG_NOSIGNAL) < 0) {
    // ETOOMANYREFS: so many descriptors are on their way; the other end takes them.
    const bool is_full = errno == EAGAIN || errno == EWOULDBLOCK || errno == ETOOMANYREFS;
    if (errno == EPIPE || errno == ECONNRESET) return base::error(base::errc::closed, "the other process is gone");
    if (errno != EINTR && !is_full) return system_failure("cannot send to the other process");
    if (is_full && !wait_for(POLLOUT, until))
      return base::error(base::errc::timed_out, "the other process takes no message");
  }
  return {};
}

base::result<std::optional<descriptor_channel::message>> descriptor_channel::receive() {
  message out;
  out.text.resize(message_bytes_max);
  std::array<iovec, 2> pieces{{{&out.kind, 1}, {out.text.data(), out.text.size()}}};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(descriptors_max * sizeof(int))> control;
  msghdr in{};
  in.msg_iov = pieces.data();
  in.msg_iovlen = pieces.size();
  in.msg_control = control.data();
  in.msg_controllen = control.size();
  const ssize_t got = ::recvmsg(fd_.get(), &in, MSG_CMSG_CLOEXEC);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return std::optional<message>();
  if (got < 0 && errno != ECONNRESET) return system_failure("cannot receive from the other process");
  if (got <= 0) return base::error(base::errc::closed, "the other process is gone");
  out.descriptors = descriptors_of(in);
  if ((in.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    return base::error(base::errc::limit_exceeded, "a message of the other process was cut: too many open files?");
  out.text.resize(static_cast<std::size_t>(got) - 1);
  return std::optional<message>(std::move(out));
}

base::result<descriptor_channel::message> descriptor_channel::await(milliseconds patience) {
  const auto until = steady_clock::now() + patience;
  while (true) {
    auto got = receive();
    if (!got) return got.error();
    if (*got) return std::move(**got);
    if (!wait_for(POLLIN, until)) return base::error(base::errc::timed_out, "the other process says nothing");
  }
}

void descriptor_channel::shut_down() noexcept {
  if (fd_) ::shutdown(fd_.get(), SHUT_RDWR);
}

bool descriptor_channel::wait_for(short events, steady_clock::time_point until) const noexcept {
  constexpr milliseconds turn{50};
  const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
  if (left.count() <= 0) return false;
  pollfd one{fd_.get(), events, 0};
  ::poll(&one, 1, static_cast<int>(std::min(left, turn).count()));
  return true;
}

}  // namespace cardea::proxy::net
