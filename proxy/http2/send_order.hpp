#pragma once

#include "proxy/http2/priority.hpp"

#include <array>
#include <cstdint>

namespace cardea::proxy::http2 {

/// A place in the queue of those who wait to send.
struct send_place {
  std::uint32_t stream = 0;
  priority order;
  bool waiting = false;
  send_place* next = nullptr;
  send_place* previous = nullptr;
};

/// Who sends next when there is room (RFC 9218 section 10): the most urgent first; of these,
/// responses that are of use only as a whole one after the other by age, then those that
/// are of use in parts by turns.
class send_order {
 public:
  void add(send_place& one) noexcept;
  void remove(send_place& one) noexcept;
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] send_place* first() const noexcept;
  /// Whether somebody who waits comes before `one`, which does not.
  [[nodiscard]] bool comes_before(const send_place& one) const noexcept;
  /// Whether `one`, which does not wait, has to share by turns with somebody who does.
  [[nodiscard]] bool shares(const send_place& one) const noexcept;

 private:
  struct list {
    send_place* first = nullptr;
    send_place* last = nullptr;
  };
  std::array<list, priority::urgency_count> lists_{};
  std::uint32_t count_ = 0;
};

}  // namespace cardea::proxy::http2
