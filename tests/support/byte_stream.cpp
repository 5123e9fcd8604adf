#include "tests/support/byte_stream.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

namespace cardea::tests {
namespace {

constexpr std::size_t read_bytes_max = 64 * 1024;

}  // namespace

void byte_stream::ssl_freer::operator()(SSL* value) const noexcept { SSL_free(value); }

byte_stream::byte_stream(int fd, int stop_fd) : fd_(fd), stop_fd_(stop_fd) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) | O_NONBLOCK);
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

byte_stream::byte_stream(byte_stream&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      stop_fd_(other.stop_fd_),
      ssl_(std::move(other.ssl_)),
      unread_(std::move(other.unread_)),
      end_(other.end_) {}

byte_stream::~byte_stream() {
  if (fd_ >= 0) ::close(fd_);
}

byte_stream byte_stream::connect(std::uint16_t port, int receive_bytes) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_bytes > 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
  byte_stream out(fd);
  if (!connected) out.end_ = stream_end::reset;
  return out;
}

bool byte_stream::start_tls(SSL* session) {
  ssl_.reset(session);
  SSL_set_fd(session, fd_);
  while (end_ == stream_end::open) {
    ERR_clear_error();
    const int result = SSL_do_handshake(session);
    if (result == 1) return true;
    const step next = judge(result);
    if (next == step::ended || !wait(next == step::wait_write ? POLLOUT : POLLIN, patience)) break;
  }
  return false;
}

bool byte_stream::wait(short events, milliseconds limit) const {
  std::array<pollfd, 2> watched{{{fd_, events, 0}, {stop_fd_, POLLIN, 0}}};
  return ::poll(watched.data(), watched.size(), static_cast<int>(limit.count())) > 0 &&
         watched[1].revents == 0;
}

// OpenSSL's verdict on a call that did not succeed.
byte_stream::step byte_stream::judge(int result) {
  const int failure = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return step::wait_read;
    case SSL_ERROR_WANT_WRITE:
      return step::wait_write;
    case SSL_ERROR_ZERO_RETURN:
      end_ = stream_end::orderly;
      return step::ended;
    case SSL_ERROR_SYSCALL:
      end_ = failure == 0 ? stream_end::truncated : stream_end::reset;
      return step::ended;
    default:
      break;
  }
  const bool cut = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  end_ = cut ? stream_end::truncated : stream_end::reset;
  return step::ended;
}

byte_stream::step byte_stream::try_read() {
  if (end_ != stream_end::open) return step::ended;
  std::array<char, read_bytes_max> buffer;
  errno = 0;
  ERR_clear_error();
  const auto got = ssl_ ? SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()))
                        : static_cast<int>(::recv(fd_, buffer.data(), buffer.size(), 0));
  if (got > 0) {
    unread_.append(buffer.data(), static_cast<std::size_t>(got));
    return step::done;
  }
  if (ssl_) return judge(got);
  if (got < 0 && errno == EAGAIN) return step::wait_read;
  end_ = got == 0 ? stream_end::orderly : stream_end::reset;
  return step::ended;
}

byte_stream::step byte_stream::try_write(std::string_view& data) {
  const std::string_view piece = data.substr(0, 16 * 1024);
  errno = 0;
  ERR_clear_error();
  const auto sent = ssl_ ? SSL_write(ssl_.get(), piece.data(), static_cast<int>(piece.size()))
                         : static_cast<int>(::send(fd_, piece.data(), piece.size(), MSG_NOSIGNAL));
  if (sent > 0) {
    data.remove_prefix(static_cast<std::size_t>(sent));
    return step::done;
  }
  if (!ssl_) return errno == EAGAIN ? step::wait_write : step::ended;
  const int verdict = SSL_get_error(ssl_.get(), sent);
  if (verdict == SSL_ERROR_WANT_WRITE) return step::wait_write;
  return verdict == SSL_ERROR_WANT_READ ? step::wait_read : step::ended;
}

bool byte_stream::read_more(milliseconds limit) {
  while (true) {
    const step next = try_read();
    if (next == step::done) return true;
    if (next == step::ended) return false;
    if (wait(next == step::wait_write ? POLLOUT : POLLIN, limit)) continue;
    end_ = stream_end::timed_out;
    return false;
  }
}

std::string byte_stream::taken(std::size_t count) {
  std::string out = unread_.substr(0, count);
  unread_.erase(0, count);
  return out;
}

std::string byte_stream::read_until(std::string_view mark) {
  std::size_t found = 0;
  while ((found = unread_.find(mark)) == std::string::npos)
    if (!read_more()) return taken(unread_.size());
  return taken(found + mark.size());
}

std::string byte_stream::read_bytes(std::size_t count) {
  while (unread_.size() < count && read_more()) {
  }
  return taken(count);
}

std::string byte_stream::read_to_end() {
  while (read_more()) {
  }
  return taken(unread_.size());
}

bool byte_stream::stays_silent(milliseconds quiet) {
  if (!unread_.empty() || end_ != stream_end::open) return false;
  if (read_more(quiet) || end_ != stream_end::timed_out) return false;
  end_ = stream_end::open;
  return true;
}

bool byte_stream::write(std::string_view data) { return write_until_blocked(data, patience) == data.size(); }

std::size_t byte_stream::write_until_blocked(std::string_view data, milliseconds quiet) {
  const std::size_t all = data.size();
  while (!data.empty()) {
    const step next = try_write(data);
    if (next == step::done) continue;
    if (next == step::ended || !wait(next == step::wait_write ? POLLOUT : POLLIN, quiet)) break;
  }
  return all - data.size();
}

std::string byte_stream::write_and_read(std::string_view out, std::size_t in_bytes) {
  while (end_ == stream_end::open && (!out.empty() || unread_.size() < in_bytes)) {
    const bool wrote = !out.empty() && try_write(out) == step::done;
    const bool read = unread_.size() < in_bytes && try_read() == step::done;
    if (wrote || read || end_ != stream_end::open) continue;
    const short events = static_cast<short>(out.empty() ? POLLIN : POLLIN | POLLOUT);
    if (!wait(events, patience)) end_ = stream_end::timed_out;
  }
  return taken(in_bytes);
}

void byte_stream::send_close_notify() {
  ERR_clear_error();
  if (ssl_) SSL_shutdown(ssl_.get());
}

void byte_stream::end_writing() {
  send_close_notify();
  cut();
}

void byte_stream::cut() { ::shutdown(fd_, SHUT_WR); }

void byte_stream::reset() {
  const linger immediately{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &immediately, sizeof immediately);
  ::close(std::exchange(fd_, -1));
}

void byte_stream::close() {
  send_close_notify();
  ::close(std::exchange(fd_, -1));
}

}  // namespace cardea::tests
