#pragma once

#include "app/hand_over.hpp"
#include "base/async.hpp"
#include "base/error.hpp"
#include "proxy/net/descriptor_channel.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace cardea::app {

/// Where the new process finds what the old one gives it.
inline constexpr int hand_over_descriptor = 3;
inline constexpr int hand_over_errors = 4;
inline constexpr std::string_view hand_over_variable_prefix = "CARDEA_HAND_OVER=";
[[nodiscard]] std::string hand_over_entry();

/// The process whose place this one takes. Control thread only.
class predecessor {
 public:
  /// Null when nobody is there whose place to take. Call once, before anything is opened.
  [[nodiscard]] static base::result<std::unique_ptr<predecessor>> find();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// Everything that it has. Waits for it.
  [[nodiscard]] base::result<inheritance> inventory();
  [[nodiscard]] base::result<void> say(hand_over_message what);
  [[nodiscard]] proxy::net::descriptor_channel& channel() noexcept { return channel_; }
  /// From now on what goes wrong is written where the old process wrote it.
  void take_standard_error() noexcept;

 private:
  predecessor(pid_t pid, proxy::net::descriptor_channel channel, proxy::net::file_descriptor errors)
      : pid_(pid), channel_(std::move(channel)), errors_(std::move(errors)) {}

  pid_t pid_;
  proxy::net::descriptor_channel channel_;
  proxy::net::file_descriptor errors_;
};

}  // namespace cardea::app
