#include "proxy/net/event_loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace cardea::proxy::net {
namespace {

constexpr int events_max = 256;

base::tick_ms monotonic_ms() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<base::tick_ms>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace

// ---- waiter

waiter::waiter(event_loop& loop) noexcept : loop_(loop) {
  timer_.owner = this;
  next_ = loop.waiters_;
  if (next_ != nullptr) next_->previous_ = this;
  loop.waiters_ = this;
}

waiter::~waiter() {
  if (previous_ != nullptr)
    previous_->next_ = next_;
  else
    loop_.waiters_ = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

void waiter::signal() noexcept {
  signalled_ = true;
  if (parked_) loop_.enqueue(*this);
}

void waiter::signal_late() noexcept {
  signalled_ = true;
  if (parked_) loop_.enqueue_late(*this);
}

waiter::awaiter waiter::wait(base::tick_ms deadline) noexcept { return {*this, deadline, awaiter::kind::waits}; }
waiter::awaiter waiter::yield() noexcept { return {*this, base::no_deadline, awaiter::kind::yields}; }
waiter::awaiter waiter::settle() noexcept { return {*this, base::no_deadline, awaiter::kind::settles}; }

bool waiter::awaiter::await_ready() const noexcept {
  if (how_ == kind::settles) return owner_.signalled_;
  return (owner_.signalled_ && how_ != kind::yields) || owner_.loop_.stopping_;
}

void waiter::awaiter::await_suspend(std::coroutine_handle<> coroutine) noexcept {
  owner_.parked_ = coroutine;
  owner_.expired_ = false;
  owner_.loop_.timers_.arm(owner_.timer_, deadline_);
  if (how_ == kind::yields) owner_.signal();
}

wake waiter::awaiter::await_resume() noexcept {
  owner_.parked_ = nullptr;
  owner_.loop_.timers_.cancel(owner_.timer_);
  if (owner_.loop_.stopping_) {
    // Who settles waits again and must not find the same signal.
    if (how_ == kind::settles) owner_.signalled_ = false;
    return wake::stopping;
  }
  // An edge beats a deadline of the same turn: the work it announces can be done.
  if (std::exchange(owner_.signalled_, false)) return wake::ready;
  return std::exchange(owner_.expired_, false) ? wake::timed_out : wake::ready;
}

// ---- event_loop

/// Owns a spawned coroutine's frame chain and counts it.
struct event_loop::root {
  struct promise_type {
    static void* operator new(std::size_t size) { return frame_pool::allocate(size); }
    static void operator delete(void* frame, std::size_t size) noexcept { frame_pool::release(frame, size); }
    root get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

event_loop::event_loop() : now_(monotonic_ms()), timers_(now_) {
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  wake_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;
  if (epoll_fd_ < 0 || wake_fd_ < 0 || epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot create an event loop");
}

event_loop::~event_loop() {
  close(wake_fd_);
  close(epoll_fd_);
}

event_loop::root event_loop::launch(event_loop& loop, task<void> child) {
  ++loop.running_;
  co_await child;
  --loop.running_;
}

void event_loop::spawn(task<void> child) { launch(*this, std::move(child)); }

void event_loop::run() {
  while (!stopping_ || running_ > 0) {
    poll();
    run_posted();
    expire_timers();
    resume_ready();
  }
}

void event_loop::poll() {
  int timeout = -1;
  if (first_ready_ != nullptr || first_late_ != nullptr || has_posted_.load(std::memory_order_acquire)) {
    timeout = 0;
  } else if (const base::tick_ms next = timers_.next_visit(); next != base::no_deadline) {
    timeout = static_cast<int>(std::clamp<base::tick_ms>(next - monotonic_ms(), 0, 60'000)) + 1;
  }
  std::array<epoll_event, events_max> events;
  const int count = epoll_wait(epoll_fd_, events.data(), events_max, timeout);
  now_ = monotonic_ms();
  dispatch(events.data(), count);
}

void event_loop::dispatch(epoll_event* events, int count) noexcept {
  batch_ = events;
  batch_left_ = std::max(count, 0);
  while (batch_left_ > 0) {
    // With many connections at work each one's state has left the caches since its last turn.
    if (batch_left_ > 8) __builtin_prefetch(batch_[8].data.ptr);
    if (batch_left_ > 4 && batch_[4].data.ptr != nullptr)
      __builtin_prefetch(static_cast<const watch*>(batch_[4].data.ptr)->target);
    const epoll_event event = *batch_;
    ++batch_;
    --batch_left_;
    if (event.data.ptr == nullptr) continue;  // the eventfd (edge-triggered) or a watch that is gone
    auto& descriptor = *static_cast<watch*>(event.data.ptr);
    if ((event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) descriptor.readable = true;
    if ((event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) descriptor.writable = true;
    if ((event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) descriptor.hangup = true;
    if ((event.events & (EPOLLHUP | EPOLLERR)) != 0) descriptor.broken = true;
    if (descriptor.target != nullptr)
      descriptor.target->signal();
    else if (descriptor.on_idle != nullptr)
      descriptor.on_idle(descriptor);
  }
}

void event_loop::expire_timers() noexcept {
  while (auto* node = timers_.expired(now_)) {
    waiter& owner = *static_cast<waiter::timer_link*>(node)->owner;
    if (!owner.parked_) continue;
    owner.expired_ = true;
    enqueue(owner);
  }
}

void event_loop::enqueue(waiter& ready) noexcept {
  if (ready.queued_) return;
  ready.queued_ = true;
  ready.next_ready_ = nullptr;
  if (last_ready_ != nullptr)
    last_ready_->next_ready_ = &ready;
  else
    first_ready_ = &ready;
  last_ready_ = &ready;
}

void event_loop::enqueue_late(waiter& ready) noexcept {
  if (ready.queued_) return;
  ready.queued_ = true;
  ready.next_ready_ = std::exchange(first_late_, &ready);
}

// A coroutine that becomes ready while others run waits for the next turn, so
// that two busy peers cannot keep the loop from its sockets.
void event_loop::resume_ready() {
  waiter* ready = std::exchange(first_ready_, nullptr);
  last_ready_ = nullptr;
  resume_all(ready);
  resume_all(std::exchange(first_late_, nullptr));
}

void event_loop::resume_all(waiter* ready) {
  while (ready != nullptr) {
    waiter* next = ready->next_ready_;
    if (next != nullptr && next->parked_) __builtin_prefetch(next->parked_.address());
    ready->queued_ = false;
    if (ready->parked_) ready->parked_.resume();
    ready = next;
  }
}

void event_loop::stop() noexcept {
  stopping_ = true;
  for (waiter* each = waiters_; each != nullptr; each = each->next_)
    if (each->parked_) enqueue(*each);
}

void event_loop::signal_all() noexcept {
  for (waiter* each = waiters_; each != nullptr; each = each->next_) each->signal();
}

void event_loop::post(std::function<void()> function) {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(function));
  }
  has_posted_.store(true, std::memory_order_release);
  const std::uint64_t one = 1;
  // The counter cannot overflow in practice; a full one means that a wake-up is pending anyway.
  [[maybe_unused]] const ssize_t written = write(wake_fd_, &one, sizeof one);
}

void event_loop::run_posted() {
  if (!has_posted_.load(std::memory_order_acquire)) return;
  has_posted_.store(false, std::memory_order_release);
  std::vector<std::function<void()>> batch;
  {
    const std::lock_guard lock(posted_mutex_);
    batch.swap(posted_);
  }
  for (const auto& function : batch) function();
}

bool event_loop::add(watch& descriptor) noexcept {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &descriptor;
  return epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, descriptor.fd, &event) == 0;
}

void event_loop::remove(watch& descriptor) noexcept {
  epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, descriptor.fd, nullptr);
  for (int i = 0; i < batch_left_; ++i)
    if (batch_[i].data.ptr == &descriptor) batch_[i].data.ptr = nullptr;
}

}  // namespace cardea::proxy::net
