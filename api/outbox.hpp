#pragma once

#include "base/async.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

namespace cardea::api {

/// RFC 6455 section 7.4.1.
enum class close_code : std::uint16_t { normal = 1000, going_away = 1001, try_again_later = 1013 };

struct close_reason {
  close_code code = close_code::normal;
  std::string text;
};

/// What waits to be sent to one WebSocket client, in order. Control thread only.
///
/// Bounded: a client for which more than `lines_max` messages or `bytes_max`
/// bytes wait is dropped, so that nobody ever waits for it.
class outbox {
 public:
  outbox(base::executor where, std::size_t lines_max, std::size_t bytes_max);

  /// Without effect after the end.
  void push(std::string text);

  /// Ends the box after what already waits. The first end counts.
  void finish(close_reason why);

  /// Ends the box and forgets what waits.
  void drop(close_reason why);

  /// Called at most once, from within `push` or `drop`, when the box ends
  /// without having been emptied: whoever is still writing should give up soon.
  void on_drop(std::function<void()> react) { react_ = std::move(react); }

  /// The next message; nothing once the box has ended and is empty, or when
  /// the waiting coroutine is cancelled.
  /// REQUIRES: the box outlives the returned awaitable; one reader.
  [[nodiscard]] base::awaitable<std::optional<std::string>> next();

  /// The same without waiting.
  [[nodiscard]] std::optional<std::string> take();

  [[nodiscard]] const std::optional<close_reason>& end() const noexcept { return end_; }

 private:
  std::size_t lines_max_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::deque<std::string> texts_;
  std::optional<close_reason> end_;
  std::function<void()> react_;
  base::steady_timer changed_;  ///< cancelled to wake the reader
};

}  // namespace cardea::api
