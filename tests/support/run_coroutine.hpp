#pragma once

#include "base/async.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <optional>
#include <utility>

namespace cardea::tests {

/// Runs a context until nothing is left to do, and returns what the coroutine
/// gave. An exception that leaves it is thrown on.
template <class T>
T run(base::asio::io_context& context, base::awaitable<T> work) {
  std::optional<T> out;
  std::exception_ptr thrown;
  base::asio::co_spawn(context, std::move(work), [&](std::exception_ptr failure, T value) {
    thrown = std::move(failure);
    if (!thrown) out.emplace(std::move(value));
  });
  context.restart();
  context.run();
  if (thrown) std::rethrow_exception(thrown);
  EXPECT_TRUE(out) << "the coroutine did not end";
  return std::move(out.value());
}

inline void run(base::asio::io_context& context, base::awaitable<void> work) {
  bool ended = false;
  std::exception_ptr thrown;
  base::asio::co_spawn(context, std::move(work), [&](std::exception_ptr failure) {
    thrown = std::move(failure);
    ended = true;
  });
  context.restart();
  context.run();
  if (thrown) std::rethrow_exception(thrown);
  EXPECT_TRUE(ended) << "the coroutine did not end";
}

}  // namespace cardea::tests
