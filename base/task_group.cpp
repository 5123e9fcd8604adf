#include "base/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>

#include <vector>

namespace cardea::base {
namespace {

awaitable<void> run_child(awaitable<void> child) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await std::move(child);
}

}  // namespace

task_group::task_group(executor where, logger log)
    : where_(where), log_(std::move(log)), changed_(where_, steady_timer::time_point::max()) {}

task_group::~task_group() {
  // A child that outlives its group would use freed memory; an io_context that
  // has been destroyed took its coroutines with it, so this cannot be an assert.
  children_.clear();
}

void task_group::spawn(awaitable<void> child) {
  const auto entry = children_.emplace(children_.end());
  auto on_end = [this, entry](std::exception_ptr failure) { finished(entry, failure); };
  asio::co_spawn(where_, run_child(std::move(child)),
                 asio::bind_cancellation_slot(entry->slot(), std::move(on_end)));
}

void task_group::cancel() {
  // A child may end within emit and leave the list.
  std::vector<asio::cancellation_signal*> signals;
  for (auto& child : children_) signals.push_back(&child);
  for (auto* const signal : signals) {
    for (auto& child : children_) {
      if (&child != signal) continue;
      child.emit(asio::cancellation_type::terminal);
      break;
    }
  }
}

awaitable<void> task_group::join() {
  const auto state = co_await asio::this_coro::cancellation_state;
  bool passed_on = false;
  while (!children_.empty()) {
    co_await changed_.async_wait(as_result);
    if (!passed_on && state.cancelled() != asio::cancellation_type::none) {
      passed_on = true;
      cancel();
    }
  }
}

void task_group::finished(child_list::iterator child, const std::exception_ptr& failure) {
  if (failure) {
    ++failed_count_;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& cause) {
      log_.error("a task ended with an exception", {{"what", cause.what()}});
    } catch (...) {
      log_.error("a task ended with an unknown exception");
    }
  }
  children_.erase(child);
  if (children_.empty()) changed_.cancel();
}

}  // namespace cardea::base
