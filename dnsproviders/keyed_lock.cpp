#include "dnsproviders/keyed_lock.hpp"

#include <list>
#include <map>
#include <memory>
#include <utility>

namespace cardea::dnsproviders {
namespace {

// A timer that never fires on its own: cancelling it hands the lock over.
struct queue {
  std::list<std::shared_ptr<base::steady_timer>> waiting;
};

std::map<std::string, queue>& held() {
  thread_local std::map<std::string, queue> keys;
  return keys;
}

}  // namespace

base::awaitable<base::result<keyed_lock>> keyed_lock::acquire(std::string key) {
  const auto [at, is_free] = held().try_emplace(key);
  if (!is_free) {
    const base::executor where = co_await base::asio::this_coro::executor;
    const auto turn = std::make_shared<base::steady_timer>(where, base::steady_timer::time_point::max());
    at->second.waiting.push_back(turn);
    co_await turn->async_wait(base::as_result);
    // Who hands the lock over takes the waiter off the queue; one that is still there was cancelled.
    const auto queued = held().find(key);
    if (queued != held().end() && std::erase(queued->second.waiting, turn) > 0)
      co_return base::error(base::errc::cancelled, "withdrawn while another change was under way");
  }
  co_return keyed_lock(std::move(key));
}

keyed_lock::keyed_lock(keyed_lock&& other) noexcept : key_(std::exchange(other.key_, {})) {}

keyed_lock::~keyed_lock() {
  if (key_.empty()) return;
  const auto at = held().find(key_);
  if (at == held().end()) return;
  if (at->second.waiting.empty()) {
    held().erase(at);
    return;
  }
  const auto next = at->second.waiting.front();
  at->second.waiting.pop_front();
  next->cancel();
}

}  // namespace cardea::dnsproviders
