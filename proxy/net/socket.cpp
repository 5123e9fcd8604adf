#include "proxy/net/socket.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <numeric>

namespace cardea::proxy::net {
namespace {

constexpr int listen_backlog = 4096;

base::error system_failure(std::string step) {
  return {base::error_code(errno, boost::system::generic_category()),
          std::move(step) + ": " + boost::system::generic_category().message(errno)};
}

void set_flag(int fd, int level, int option) noexcept {
  const int on = 1;
  setsockopt(fd, level, option, &on, sizeof on);
}

}  // namespace

file_descriptor& file_descriptor::operator=(file_descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

file_descriptor::~file_descriptor() { reset(); }

void file_descriptor::reset() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

file_descriptor file_descriptor::duplicate() const noexcept {
  return file_descriptor(::fcntl(fd_, F_DUPFD_CLOEXEC, 0));
}

bool socket::adopt(file_descriptor accepted) noexcept {
  fd_ = std::move(accepted);
  // Readable only once an edge says so: bytes that are there already make one when the watch
  // begins, and a read that finds nothing costs more than that.
  watch_ = {.fd = fd_.get(), .writable = true, .target = watch_.target};
  return loop_.add(watch_);
}

base::result<void> socket::connect(const base::address& to) {
  fd_ = file_descriptor(::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd_) return system_failure("cannot open a socket");
  set_flag(fd_.get(), IPPROTO_TCP, TCP_NODELAY);
  if (::connect(fd_.get(), to.data(), to.size()) != 0 && errno != EINPROGRESS)
    return system_failure("connect");
  watch_ = {.fd = fd_.get()};
  if (!loop_.add(watch_)) return system_failure("cannot watch a socket");
  return {};
}

int socket::connect_error() const noexcept {
  int failure = 0;
  socklen_t size = sizeof failure;
  if (getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &failure, &size) != 0) return errno;
  return failure;
}

io_result socket::read(char* data, std::size_t size) noexcept {
  const ssize_t got = ::recv(fd_.get(), data, size, 0);
  if (got > 0) {
    // A short read emptied the queue: the next byte makes a new edge. Not so
    // the end of the stream, whose edge may have come with these bytes.
    if (static_cast<std::size_t>(got) < size && !watch_.hangup) watch_.readable = false;
    return {io::done, static_cast<std::size_t>(got)};
  }
  if (got == 0) return {io::ended};
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    watch_.readable = false;
    return {io::blocked};
  }
  if (errno == EINTR) return {io::blocked};
  return {io::failed};
}

io_result socket::peek(char* data, std::size_t size) noexcept {
  const ssize_t got = ::recv(fd_.get(), data, size, MSG_PEEK);
  if (got > 0) return {io::done, static_cast<std::size_t>(got)};
  if (got == 0) return {io::ended};
  if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return {io::failed};
  if (errno != EINTR) watch_.readable = false;
  return {io::blocked};
}

void socket::wake_from(std::size_t bytes) noexcept {
  const int least = static_cast<int>(bytes);
  setsockopt(fd_.get(), SOL_SOCKET, SO_RCVLOWAT, &least, sizeof least);
}

base::address socket::local_address() const noexcept {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  if (getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&own), &size) != 0) return {};
  return {reinterpret_cast<const sockaddr*>(&own), size};
}

io_result socket::write(const iovec* pieces, std::size_t count) noexcept {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces);
  message.msg_iovlen = count;
  const ssize_t sent = count == 1 ? ::send(fd_.get(), pieces->iov_base, pieces->iov_len, MSG_NOSIGNAL)
                                  : ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
  if (sent >= 0) {
    const auto wanted =
        std::accumulate(pieces, pieces + count, std::size_t{0},
                        [](std::size_t sum, const iovec& piece) { return sum + piece.iov_len; });
    if (static_cast<std::size_t>(sent) < wanted) watch_.writable = false;
    return {io::done, static_cast<std::size_t>(sent)};
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) {
    watch_.writable = false;
    return {io::blocked};
  }
  if (errno == EINTR) return {io::blocked};
  return {io::failed};
}

void socket::shut_down_write() noexcept {
  if (fd_) ::shutdown(fd_.get(), SHUT_WR);
}

void socket::close() noexcept {
  if (!fd_) return;
  loop_.remove(watch_);
  fd_.reset();
  watch_ = {};
}

void socket::keep_queue_short(int bytes) noexcept {
  setsockopt(fd_.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}

void socket::reset_on_close() noexcept {
  const linger immediately{1, 0};
  setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &immediately, sizeof immediately);
}

namespace {

// A socket of `type` that is bound so that each worker can have one of its own.
base::result<file_descriptor> bind_socket(const base::address& where, int type, const std::string& step) {
  file_descriptor fd(::socket(where.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return system_failure(step);
  if (type == SOCK_STREAM) set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  set_flag(fd.get(), SOL_SOCKET, SO_REUSEPORT);
  if (where.family() == AF_INET6) {
    const int off = 0;  // "::" serves IPv4 as well
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (::bind(fd.get(), where.data(), where.size()) != 0) return system_failure(step);
  return fd;
}

}  // namespace

void prepare_listening(const file_descriptor& fd, bool is_stream, int family) noexcept {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  if (is_stream)
    set_flag(fd.get(), IPPROTO_TCP, TCP_NODELAY);  // accepted sockets inherit it
  else
    set_flag(fd.get(), IPPROTO_IP, IP_PKTINFO);
  if (!is_stream && family == AF_INET6) set_flag(fd.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO);
}

base::result<file_descriptor> listen_on(const base::address& where) {
  const std::string step = "cannot listen on " + where.to_string();
  auto fd = bind_socket(where, SOCK_STREAM, step);
  if (!fd) return fd.error();
  prepare_listening(*fd, true, where.family());
  if (::listen(fd->get(), listen_backlog) != 0) return system_failure(step);
  return fd;
}

base::result<file_descriptor> bind_datagrams(const base::address& where) {
  auto fd = bind_socket(where, SOCK_DGRAM, "cannot listen on " + where.to_string() + " (UDP)");
  if (!fd) return fd.error();
  prepare_listening(*fd, false, where.family());
  return fd;
}

}  // namespace cardea::proxy::net
