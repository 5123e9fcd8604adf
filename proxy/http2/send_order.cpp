#include "proxy/http2/send_order.hpp"

namespace cardea::proxy::http2 {

void send_order::add(send_place& one) noexcept {
  if (one.waiting) return;
  list& in = lists_[one.order.urgency];
  send_place* before = in.last;
  if (!one.order.incremental) {
    // Those that share by turns stand behind those that go one after the other.
    while (before != nullptr && (before->order.incremental || before->stream > one.stream)) before = before->previous;
  }
  one.previous = before;
  one.next = before != nullptr ? before->next : in.first;
  (before != nullptr ? before->next : in.first) = &one;
  (one.next != nullptr ? one.next->previous : in.last) = &one;
  one.waiting = true;
  ++count_;
}

void send_order::remove(send_place& one) noexcept {
  if (!one.waiting) return;
  list& in = lists_[one.order.urgency];
  (one.previous != nullptr ? one.previous->next : in.first) = one.next;
  (one.next != nullptr ? one.next->previous : in.last) = one.previous;
  one.next = one.previous = nullptr;
  one.waiting = false;
  --count_;
}

send_place* send_order::first() const noexcept {
  if (count_ == 0) return nullptr;
  for (const list& each : lists_)
    if (each.first != nullptr) return each.first;
  return nullptr;
}

bool send_order::shares(const send_place& one) const noexcept {
  return one.order.incremental && lists_[one.order.urgency].last != nullptr &&
         lists_[one.order.urgency].last->order.incremental;
}

bool send_order::comes_before(const send_place& one) const noexcept {
  const send_place* other = first();
  if (other == nullptr || other->order.urgency > one.order.urgency) return false;
  if (other->order.urgency < one.order.urgency) return true;
  if (one.order.incremental) return !other->order.incremental;
  return !other->order.incremental && other->stream < one.stream;
}

}  // namespace cardea::proxy::http2
