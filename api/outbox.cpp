#include "api/outbox.hpp"

#include <utility>

namespace cardea::api {

outbox::outbox(base::executor where, std::size_t lines_max, std::size_t bytes_max)
    : lines_max_(lines_max), bytes_max_(bytes_max), changed_(where, base::steady_timer::time_point::max()) {}

void outbox::push(std::string text) {
  if (end_) return;
  if (texts_.size() >= lines_max_ || bytes_ + text.size() > bytes_max_) {
    drop({close_code::try_again_later, "too slow to follow the log"});
    return;
  }
  bytes_ += text.size();
  texts_.push_back(std::move(text));
  changed_.cancel();
}

void outbox::finish(close_reason why) {
  if (end_) return;
  end_ = std::move(why);
  changed_.cancel();
}

void outbox::drop(close_reason why) {
  texts_.clear();
  bytes_ = 0;
  finish(std::move(why));
  if (const auto react = std::exchange(react_, nullptr)) react();
}

std::optional<std::string> outbox::take() {
  if (texts_.empty()) return std::nullopt;
  std::string out = std::move(texts_.front());
  texts_.pop_front();
  bytes_ -= out.size();
  return out;
}

base::awaitable<std::optional<std::string>> outbox::next() {
  const auto state = co_await base::asio::this_coro::cancellation_state;
  while (texts_.empty() && !end_ && state.cancelled() == base::asio::cancellation_type::none)
    co_await changed_.async_wait(base::as_result);
  co_return take();
}

}  // namespace cardea::api
