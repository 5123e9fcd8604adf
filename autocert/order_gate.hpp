#pragma once

#include "base/async.hpp"

#include <cstddef>

namespace cardea::autocert {

/// How many orders run at once: a thousand certificates that are all missing at
/// a first start must not ask the CA in one second.
class order_gate {
 public:
  order_gate(base::executor where, std::size_t orders_max);

  /// Holds a place while it lives.
  class place {
   public:
    explicit place(order_gate* gate) noexcept : gate_(gate) {}
    place(place&& other) noexcept : gate_(other.gate_) { other.gate_ = nullptr; }
    place& operator=(place&&) = delete;
    ~place();

    /// False when the wait was cancelled: no place is held.
    [[nodiscard]] bool held() const noexcept { return gate_ != nullptr; }

   private:
    order_gate* gate_;
  };

  /// Completes when fewer than the maximum are inside, or when cancelled.
  /// REQUIRES: the gate outlives the place.
  [[nodiscard]] base::awaitable<place> enter();

 private:
  base::steady_timer freed_;
  std::size_t free_;
};

}  // namespace cardea::autocert
