#pragma once

#include "proxy/net/event_loop.hpp"

#include <cstddef>

namespace cardea::proxy::net {

/// Connections of one worker that wait for their client, longest first: whom to send
/// away when there is not enough for all. O(1) throughout; no allocation.
class waiting_line {
 public:
  /// A place at the end of the line, for as long as it lives. Must not move;
  /// line and waiter outlive it.
  class place {
   public:
    place(waiting_line& line, waiter& who) noexcept : line_(line), who_(who), previous_(line.last_) {
      (previous_ != nullptr ? previous_->next_ : line.first_) = this;
      line.last_ = this;
      ++line.size_;
    }
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    ~place() {
      if (!dismissed_) leave();
    }

    /// Sent away: whoever holds the place ends its connection.
    [[nodiscard]] bool dismissed() const noexcept { return dismissed_; }

   private:
    friend class waiting_line;
    void leave() noexcept {
      (previous_ != nullptr ? previous_->next_ : line_.first_) = next_;
      (next_ != nullptr ? next_->previous_ : line_.last_) = previous_;
      --line_.size_;
    }

    waiting_line& line_;
    waiter& who_;
    place* previous_;
    place* next_ = nullptr;
    bool dismissed_ = false;
  };

  waiting_line() = default;
  waiting_line(const waiting_line&) = delete;
  waiting_line& operator=(const waiting_line&) = delete;

  /// Those who were not sent away.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Tells whoever has waited longest to go; false when nobody waits.
  bool dismiss_first() noexcept {
    if (first_ == nullptr) return false;
    place& longest = *first_;
    longest.leave();
    longest.dismissed_ = true;
    longest.who_.signal();
    return true;
  }

 private:
  place* first_ = nullptr;
  place* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace cardea::proxy::net
