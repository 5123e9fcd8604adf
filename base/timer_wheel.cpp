#include "base/timer_wheel.hpp"

#include <algorithm>

namespace cardea::base {

void timer_wheel::node::unlink() noexcept {
  if (next_ == nullptr) return;
  next_->previous_ = previous_;
  previous_->next_ = next_;
  next_ = previous_ = nullptr;
}

timer_wheel::timer_wheel(tick_ms now) noexcept : current_(now / granularity), first_used_(no_deadline) {
  for (node& head : slots_) head.next_ = head.previous_ = &head;
}

void timer_wheel::insert(node& timer, tick_ms deadline) noexcept {
  // Rounded up, so that a deadline never fires early; far ones wait in the
  // last slot of the turn but one (the last would be the slot in hand when a
  // node is moved on from there).
  const tick_ms wanted = std::max((deadline + granularity - 1) / granularity, current_);
  timer.slot_time_ = std::min<tick_ms>(wanted, current_ + static_cast<tick_ms>(slot_count) - 2);
  first_used_ = std::min(first_used_, timer.slot_time_);
  node& head = slots_[static_cast<std::size_t>(timer.slot_time_) % slot_count];
  timer.next_ = &head;
  timer.previous_ = head.previous_;
  head.previous_->next_ = &timer;
  head.previous_ = &timer;
}

void timer_wheel::arm(node& timer, tick_ms deadline) noexcept {
  timer.deadline_ = deadline;
  if (deadline == no_deadline) return;
  if (timer.armed()) {
    if (timer.slot_time_ * granularity <= deadline) return;
    timer.unlink();
  }
  insert(timer, deadline);
}

timer_wheel::node* timer_wheel::expired(tick_ms now) noexcept {
  for (const tick_ms last = now / granularity; current_ <= last; ++current_) {
    node& head = slots_[static_cast<std::size_t>(current_) % slot_count];
    while (head.next_ != &head) {
      node& timer = *head.next_;
      timer.unlink();
      if (timer.deadline_ <= now) return &timer;
      if (timer.deadline_ == no_deadline) continue;
      // Its deadline was pushed out meanwhile. Never back into the slot in hand.
      ++current_;
      insert(timer, timer.deadline_);
      --current_;
    }
  }
  return nullptr;
}

tick_ms timer_wheel::next_visit() noexcept {
  if (first_used_ == no_deadline) return no_deadline;
  if (first_used_ >= current_) return first_used_ * granularity;
  for (tick_ms slot = current_; slot < current_ + static_cast<tick_ms>(slot_count); ++slot) {
    const node& head = slots_[static_cast<std::size_t>(slot) % slot_count];
    if (head.next_ != &head) {
      first_used_ = slot;
      return slot * granularity;
    }
  }
  first_used_ = no_deadline;
  return no_deadline;
}

}  // namespace cardea::base
