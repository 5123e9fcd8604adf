#include "tests/support/raw_origin.hpp"

#include "base/certificate.hpp"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>

namespace cardea::tests {
namespace {

// A server's session for one connection; the context lives as long as the session does.
SSL* accept_session(const pem_pair& pair) {
  const auto parsed = base::certificate::from_pem(pair.certificate, pair.key).value();
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(context, parsed->leaf().get());
  SSL_CTX_use_PrivateKey(context, parsed->key().get());
  SSL* session = SSL_new(context);
  SSL_CTX_free(context);
  SSL_set_accept_state(session);
  return session;
}

}  // namespace

bool eventually(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + byte_stream::patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    poll(nullptr, 0, 2);
  }
  return true;
}

raw_origin::raw_origin(script each, std::optional<pem_pair> tls)
    : script_(std::move(each)), tls_(std::move(tls)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  stop_fd_ = eventfd(0, EFD_CLOEXEC);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof where;
  bind(listener_, reinterpret_cast<const sockaddr*>(&where), size);
  listen(listener_, 128);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&where), &size);
  port_ = ntohs(where.sin_port);
  accepting_ = std::thread([this] { accept_connections(); });
}

raw_origin::~raw_origin() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(stop_fd_, &one, sizeof one);
  accepting_.join();
  for (std::thread& each : serving_) each.join();
  ::close(listener_);
  ::close(stop_fd_);
}

void raw_origin::accept_connections() {
  while (true) {
    std::array<pollfd, 2> watched{{{listener_, POLLIN, 0}, {stop_fd_, POLLIN, 0}}};
    poll(watched.data(), watched.size(), -1);
    if (watched[1].revents != 0) return;
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const std::lock_guard lock(mutex_);
    const int number = ++accepted_;
    serving_.emplace_back([this, fd, number] { serve(byte_stream(fd, stop_fd_), number); });
  }
}

void raw_origin::serve(byte_stream stream, int number) {
  if (!tls_ || stream.start_tls(accept_session(*tls_))) {
    connection taken(*this, std::move(stream), number);
    script_(taken);
  }
  const std::lock_guard lock(mutex_);
  ++ended_;
}

void raw_origin::record(std::string_view data) {
  const std::lock_guard lock(mutex_);
  received_ += data;
}

std::string raw_origin::received() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

int raw_origin::connections() const {
  const std::lock_guard lock(mutex_);
  return accepted_;
}

bool raw_origin::wait_for_connections(int count) const {
  return eventually([&] { return connections() >= count; });
}

bool raw_origin::wait_for_ended(int count) const {
  return eventually([&] {
    const std::lock_guard lock(mutex_);
    return ended_ >= count;
  });
}

raw_origin::script raw_origin::answering(std::string response) {
  return [response = std::move(response)](connection& each) {
    while (!each.request().head.empty())
      if (!each.write(response)) return;
  };
}

http_message raw_origin::connection::request() {
  http_message out = read_request(stream_);
  record(out.head + out.body);
  return out;
}

std::string raw_origin::connection::head() {
  std::string out = stream_.read_until("\r\n\r\n");
  record(out);
  return out;
}

void raw_origin::connection::stall() {
  pollfd stop{owner_.stop_fd_, POLLIN, 0};
  poll(&stop, 1, static_cast<int>(2 * byte_stream::patience.count()));
}

}  // namespace cardea::tests
