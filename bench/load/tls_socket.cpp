#include "bench/load/tls_socket.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace cardea::bench {
namespace {

int keep_session(SSL* ssl, SSL_SESSION* session) {
  static_cast<tls_socket*>(SSL_get_app_data(ssl))->keep(session);
  return 1;
}

sockaddr_in loopback(std::uint32_t number, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK + number);
  return out;
}

}  // namespace

context_ptr make_client_context() {
  context_ptr out(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_verify(out.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_mode(out.get(), SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(out.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(out.get(), keep_session);
  constexpr unsigned char alpn[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(out.get(), alpn, sizeof alpn - 1);
  return out;
}

bool tls_socket::open(SSL_CTX* context, int epoll, std::uint16_t port, const std::string& name, void* mark,
                      bool resumes, std::uint32_t source) {
  close();
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return false;
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const sockaddr_in to = loopback(0, port);
  const sockaddr_in from = loopback(source, 0);
  epoll_event event{EPOLLIN | EPOLLOUT | EPOLLET, {mark}};
  // The port is chosen when the connection is made: one may then serve towards many servers.
  ::setsockopt(socket_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (::bind(socket_, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0 ||
      (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS) ||
      ::epoll_ctl(epoll, EPOLL_CTL_ADD, socket_, &event) != 0) {
    close();
    return false;
  }
  ssl_.reset(SSL_new(context));
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_fd(ssl_.get(), socket_);
  // The macro for it casts in the old style.
  SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(name.c_str()));
  if (resumes && session_ != nullptr) SSL_set_session(ssl_.get(), session_.get());
  SSL_set_connect_state(ssl_.get());
  return true;
}

tls_socket::outcome tls_socket::handshake() noexcept {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return outcome::done;
  const int why = SSL_get_error(ssl_.get(), result);
  return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? outcome::pending : outcome::failed;
}

bool tls_socket::write(std::string_view bytes) {
  unsent_.append(bytes);
  return flush();
}

bool tls_socket::flush() noexcept {
  while (!unsent_.empty()) {
    ERR_clear_error();
    const int result = SSL_write(ssl_.get(), unsent_.data(), static_cast<int>(unsent_.size()));
    if (result <= 0) {
      const int why = SSL_get_error(ssl_.get(), result);
      return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
    }
    unsent_.erase(0, static_cast<std::size_t>(result));
  }
  return true;
}

std::ptrdiff_t tls_socket::read(char* out, std::size_t size) noexcept {
  ERR_clear_error();
  const int result = SSL_read(ssl_.get(), out, static_cast<int>(size));
  if (result > 0) return result;
  const int why = SSL_get_error(ssl_.get(), result);
  return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

void tls_socket::close() noexcept {
  // Without this OpenSSL would take the session for spoilt.
  if (ssl_ != nullptr) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  ssl_.reset();
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  unsent_.clear();
}

}  // namespace cardea::bench
