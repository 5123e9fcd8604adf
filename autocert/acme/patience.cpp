#include "autocert/acme/patience.hpp"

#include <algorithm>

namespace cardea::autocert::acme {

base::awaitable<bool> patience::wait(std::optional<std::chrono::seconds> asked) {
  if (waited_ >= limits_.poll_max) co_return false;
  std::chrono::milliseconds pause = next_;
  if (asked && asked->count() > 0) {
    pause = std::min<std::chrono::milliseconds>(*asked, limits_.retry_after_max);
  } else {  // "at once", again and again, would be a flood
    next_ = std::min(next_ * 2, limits_.poll_pause_max);
  }
  waited_ += pause;
  co_await sleep_(pause);
  co_return true;
}

}  // namespace cardea::autocert::acme
