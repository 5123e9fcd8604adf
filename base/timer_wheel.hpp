#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace cardea::base {

/// Milliseconds on a monotonic clock; a deadline is a plain integer.
using tick_ms = std::int64_t;
inline constexpr tick_ms no_deadline = std::numeric_limits<tick_ms>::max();

/// One coarse timer wheel for all deadlines of one thread.
///
/// Arming, moving and cancelling are O(1) list operations on a node that the
/// caller owns and that does not outlive the wheel: no allocation, no system call. A deadline fires at most one
/// `granularity` late and never early. Not thread-safe.
class timer_wheel {
 public:
  static constexpr tick_ms granularity = 64;
  static constexpr std::size_t slot_count = 1024;

  class node {
   public:
    node() = default;
    node(const node&) = delete;
    node& operator=(const node&) = delete;
    ~node() { unlink(); }
    [[nodiscard]] bool armed() const noexcept { return next_ != nullptr; }
    [[nodiscard]] tick_ms deadline() const noexcept { return deadline_; }

   private:
    friend class timer_wheel;
    void unlink() noexcept;

    node* next_ = nullptr;
    node* previous_ = nullptr;
    tick_ms deadline_ = no_deadline;
    tick_ms slot_time_ = 0;  ///< the wheel time at which the node's slot is visited for it
  };

  explicit timer_wheel(tick_ms now) noexcept;

  /// Sets the node's deadline. A node that is armed for an earlier moment stays
  /// in its slot and is moved when that slot comes up: pushing a deadline out
  /// again and again, which every request does, costs one store.
  void arm(node& timer, tick_ms deadline) noexcept;
  void cancel(node& timer) noexcept { timer.deadline_ = no_deadline; }

  /// Unlinks and returns one node whose deadline has passed, or null. Call until null.
  [[nodiscard]] node* expired(tick_ms now) noexcept;

  /// No node can expire before this moment; no_deadline when none is armed.
  /// Amortised O(1): the slots are searched only when the last answer has passed.
  [[nodiscard]] tick_ms next_visit() noexcept;

 private:
  void insert(node& timer, tick_ms deadline) noexcept;

  std::array<node, slot_count> slots_;  ///< list heads
  tick_ms current_;                     ///< the slot that is visited next, in granules
  tick_ms first_used_;                  ///< no slot before this one holds a node
};

}  // namespace cardea::base
