#pragma once

#include "base/timer_wheel.hpp"
#include "proxy/net/task.hpp"

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

struct epoll_event;

namespace cardea::proxy::net {

class event_loop;

/// Why a coroutine that waited goes on.
enum class wake : std::uint8_t { ready, timed_out, stopping };

/// Where one coroutine parks until something it depends on moves.
///
/// Several watches (the client's socket, the backend's) may signal one waiter,
/// so that a single coroutine drives both directions of an exchange. A signal
/// that comes while nobody is parked is kept. One coroutine at a time; must not
/// move; belongs to one loop.
class waiter {
 public:
  explicit waiter(event_loop& loop) noexcept;
  waiter(const waiter&) = delete;
  waiter& operator=(const waiter&) = delete;
  ~waiter();

  /// Resumes (from the loop) whoever waits.
  void signal() noexcept;
  /// The same, but behind all others of this turn: for whoever gathers what they leave.
  void signal_late() noexcept;

  class awaiter;
  /// Suspends until a signal, the deadline (on the loop's clock) or the loop's
  /// last call (event_loop::stop), whichever is first.
  [[nodiscard]] awaiter wait(base::tick_ms deadline) noexcept;
  /// Suspends until the loop's next turn: others get theirs first.
  [[nodiscard]] awaiter yield() noexcept;
  /// Suspends until a signal, the loop's last call or not: for whoever joins coroutines that
  /// end by themselves. May return without one; ask again what was waited for.
  [[nodiscard]] awaiter settle() noexcept;

  [[nodiscard]] event_loop& loop() noexcept { return loop_; }

 private:
  friend class event_loop;
  friend class awaiter;

  // The timer is the first member of its own struct so that the loop finds the waiter from it.
  struct timer_link : base::timer_wheel::node {
    waiter* owner;
  };

  event_loop& loop_;
  std::coroutine_handle<> parked_;
  timer_link timer_;
  waiter* next_ready_ = nullptr;
  waiter* next_ = nullptr;
  waiter* previous_ = nullptr;
  bool queued_ = false;
  bool signalled_ = false;
  bool expired_ = false;
};

class [[nodiscard]] waiter::awaiter {
 public:
  enum class kind : std::uint8_t { waits, yields, settles };
  awaiter(waiter& owner, base::tick_ms deadline, kind how) noexcept
      : owner_(owner), deadline_(deadline), how_(how) {}
  bool await_ready() const noexcept;
  void await_suspend(std::coroutine_handle<> coroutine) noexcept;
  wake await_resume() noexcept;

 private:
  waiter& owner_;
  base::tick_ms deadline_;
  kind how_;
};

/// What the loop knows about one descriptor: edges that were seen and not yet used up.
///
/// Registered once, edge-triggered for both directions, so that no further
/// epoll_ctl is needed for as long as it lives. The reader clears `readable`
/// when the kernel has no more (EAGAIN or a short read), the writer `writable`.
struct watch {
  int fd = -1;
  bool readable = false;
  bool writable = false;
  bool hangup = false;     ///< the peer shut its side, or the socket failed: reading will tell
  bool broken = false;     ///< reset or error: both directions are gone
  waiter* target = nullptr;  ///< who is told about the next edge; null while pooled
  void (*on_idle)(watch&) noexcept = nullptr;  ///< told instead when there is no target
  void* context = nullptr;                     ///< for on_idle
};

/// One thread's loop: descriptors, deadlines, coroutines.
///
/// Everything but `post` and `request_stop`/`request_drain` belongs to the thread that calls `run`.
class event_loop {
 public:
  event_loop();
  event_loop(const event_loop&) = delete;
  event_loop& operator=(const event_loop&) = delete;
  ~event_loop();

  /// Runs until `stop` was called and every spawned coroutine has ended.
  void run();

  /// Starts a coroutine that the loop owns until it ends; `run` joins it.
  void spawn(task<void> child);
  [[nodiscard]] std::size_t running() const noexcept { return running_; }

  /// Every wait, present and future, ends with wake::stopping.
  void stop() noexcept;
  [[nodiscard]] bool stopping() const noexcept { return stopping_; }

  /// Wakes every waiting coroutine once, so that it looks at what has changed around it.
  void signal_all() noexcept;

  /// Any thread: runs `function` on the loop's thread, in order.
  void post(std::function<void()> function);

  /// Milliseconds on the monotonic clock, read once for each turn of the loop.
  [[nodiscard]] base::tick_ms now() const noexcept { return now_; }

  /// False when the kernel refuses (errno). The watch must not move while registered.
  [[nodiscard]] bool add(watch& descriptor) noexcept;
  /// Forgets the watch; no event of this turn reaches it any more. Does not close.
  void remove(watch& descriptor) noexcept;

 private:
  friend class waiter;
  friend class waiter::awaiter;

  void poll();
  void dispatch(epoll_event* events, int count) noexcept;
  void expire_timers() noexcept;
  void resume_ready();
  void run_posted();
  void enqueue(waiter& ready) noexcept;
  void enqueue_late(waiter& ready) noexcept;
  static void resume_all(waiter* ready);
  struct root;
  static root launch(event_loop& loop, task<void> child);

  int epoll_fd_ = -1;
  int wake_fd_ = -1;
  base::tick_ms now_;
  base::timer_wheel timers_;
  waiter* first_ready_ = nullptr;
  waiter* last_ready_ = nullptr;
  waiter* first_late_ = nullptr;  ///< resumed when those that were ready have been
  waiter* waiters_ = nullptr;  ///< all of them, for stop
  std::size_t running_ = 0;
  bool stopping_ = false;
  epoll_event* batch_ = nullptr;  ///< events of this turn that are not delivered yet
  int batch_left_ = 0;

  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;
  std::atomic<bool> has_posted_{false};
};

}  // namespace cardea::proxy::net
