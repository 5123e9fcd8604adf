#include "proxy/net/listener.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace cardea::proxy::net {
namespace {

constexpr base::tick_ms exhaustion_pause = 100;

}  // namespace

bool listener::open(file_descriptor fd) noexcept {
  fd_ = std::move(fd);
  watch_ = {.fd = fd_.get()};
  watch_.readable = true;
  watch_.target = &waiter_;
  return waiter_.loop().add(watch_);
}

task<listener::accepted> listener::accept() {
  while (fd_ && !waiter_.loop().stopping()) {
    if (!watch_.readable) {
      const wake woken = co_await waiter_.wait(base::no_deadline);
      if (woken == wake::stopping) break;
      continue;
    }
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    const int fd = ::accept4(fd_.get(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) co_return accepted{file_descriptor(fd), base::address(reinterpret_cast<sockaddr*>(&peer), size)};
    if (errno == EAGAIN || errno == EWOULDBLOCK) watch_.readable = false;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      if (on_exhausted != nullptr) on_exhausted(context);
      const wake woken = co_await waiter_.wait(waiter_.loop().now() + exhaustion_pause);
      if (woken == wake::stopping) break;
    }
  }
  co_return accepted{};
}

void listener::close() noexcept {
  if (!fd_) return;
  waiter_.loop().remove(watch_);
  fd_.reset();
  waiter_.signal();
}

}  // namespace cardea::proxy::net
