#include "proxy/upstream/waiting_line.hpp"

namespace cardea::proxy::upstream {

void waiting_line::join(place& who, bool at_head) noexcept {
  who.called_ = false;
  who.joined_ = true;
  who.next_ = at_head ? first_ : nullptr;
  who.previous_ = at_head ? nullptr : last_;
  (who.next_ != nullptr ? who.next_->previous_ : last_) = &who;
  (who.previous_ != nullptr ? who.previous_->next_ : first_) = &who;
  ++size_;
}

void waiting_line::unlink(place& who) noexcept {
  (who.next_ != nullptr ? who.next_->previous_ : last_) = who.previous_;
  (who.previous_ != nullptr ? who.previous_->next_ : first_) = who.next_;
  who.next_ = who.previous_ = nullptr;
  who.joined_ = false;
  --size_;
}

void waiting_line::leave(place& who) noexcept {
  if (who.called_) {
    who.called_ = false;
    --called_;
  } else if (who.joined_) {
    unlink(who);
  }
}

void waiting_line::call_next() noexcept {
  if (first_ == nullptr) return;
  place& next = *first_;
  unlink(next);
  next.called_ = true;
  ++called_;
  next.whom_.signal();
}

}  // namespace cardea::proxy::upstream
