#pragma once

#include "base/async.hpp"
#include "base/log.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <cstddef>
#include <exception>
#include <list>

namespace cardea::base {

/// Coroutines with one owner, who waits for them before it dies.
///
/// One thread only: that of the executor. Children see cancellation as a
/// value (operations end early with operation_aborted), never as an exception.
class task_group {
 public:
  task_group(executor where, logger log);
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;
  /// REQUIRES: no child is left (join has completed, or the io_context is gone).
  ~task_group();

  /// Starts a child. An exception that leaves it is logged and counted, and ends that child only.
  void spawn(awaitable<void> child);

  /// Asks every child to stop now (terminal cancellation). Those spawned later are not affected.
  void cancel();

  /// Completes when no child is left. When the waiting coroutine is cancelled,
  /// the children are cancelled too and still waited for.
  [[nodiscard]] awaitable<void> join();

  [[nodiscard]] std::size_t size() const noexcept { return children_.size(); }
  [[nodiscard]] std::size_t failed_count() const noexcept { return failed_count_; }

 private:
  using child_list = std::list<asio::cancellation_signal>;
  void finished(child_list::iterator child, const std::exception_ptr& failure);

  executor where_;
  logger log_;
  child_list children_;
  steady_timer changed_;  ///< cancelled whenever the last child ends
  std::size_t failed_count_ = 0;
};

}  // namespace cardea::base
