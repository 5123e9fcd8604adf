#pragma once

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <span>

namespace cardea::bench {

using steady = std::chrono::steady_clock;

/// epoll with waits finer than a millisecond.
class poller {
 public:
  poller() noexcept : epoll_(::epoll_create1(EPOLL_CLOEXEC)) { ::prctl(PR_SET_TIMERSLACK, 1); }
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;
  ~poller() { ::close(epoll_); }

  [[nodiscard]] int descriptor() const noexcept { return epoll_; }

  /// The events until `end`; none when it has come.
  [[nodiscard]] std::span<const epoll_event> wait(steady::time_point end) noexcept {
    using namespace std::chrono_literals;
    const std::chrono::nanoseconds left = std::max<std::chrono::nanoseconds>(end - steady::now(), 0ns);
    const timespec timeout{left / 1s, (left % 1s).count()};
    const int count = ::epoll_pwait2(epoll_, events_.data(), static_cast<int>(events_.size()), &timeout, nullptr);
    return {events_.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
  }

 private:
  int epoll_;
  std::array<epoll_event, 256> events_;
};

}  // namespace cardea::bench
