#include "autocert/order_gate.hpp"

namespace cardea::autocert {

order_gate::order_gate(base::executor where, std::size_t orders_max)
    : freed_(where, base::steady_timer::time_point::max()), free_(orders_max) {}

order_gate::place::~place() {
  if (gate_ == nullptr) return;
  ++gate_->free_;
  gate_->freed_.cancel_one();
}

base::awaitable<order_gate::place> order_gate::enter() {
  const auto state = co_await base::asio::this_coro::cancellation_state;
  while (free_ == 0) {
    co_await freed_.async_wait(base::as_result);
    if (state.cancelled() != base::asio::cancellation_type::none) {
      // The wake-up may have been meant for us: pass it on.
      if (free_ > 0) freed_.cancel_one();
      co_return place(nullptr);
    }
  }
  --free_;
  co_return place(this);
}

}  // namespace cardea::autocert
