#pragma once

#include "app/program.hpp"
#include "base/async.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/task_group.hpp"
#include "proxy/net/descriptor_channel.hpp"

#include <sys/types.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace cardea::app {

/// The process that is to take this one's place, from its start until it stands on its own feet.
///
/// What it writes to stderr meanwhile goes to ours, and the last lines are kept. Control thread only.
class successor {
 public:
  static constexpr std::size_t lines_max = 20;
  static constexpr std::size_t line_bytes_max = 512;

  /// The error names the file and the cause.
  [[nodiscard]] static base::result<std::unique_ptr<successor>> start(base::executor where, const program& what);
  successor(const successor&) = delete;
  successor& operator=(const successor&) = delete;
  /// REQUIRES: `end` or `release` has completed (or the io_context is gone: then it is killed).
  ~successor();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] proxy::net::descriptor_channel& channel() noexcept { return channel_; }

  /// Its end comes at once; `end` is still to be awaited.
  void kill() noexcept;
  /// Kills it, unless it has ended by itself, and reaps it; how it ended, in words.
  [[nodiscard]] base::awaitable<std::string> end();
  /// It goes on without us.
  [[nodiscard]] base::awaitable<void> release();

  /// What it said last.
  [[nodiscard]] std::vector<std::string> last_lines() const { return {lines_.begin(), lines_.end()}; }

 private:
  using pipe_end = base::asio::posix::basic_stream_descriptor<base::executor>;

  successor(base::executor where, pid_t pid, proxy::net::descriptor_channel channel, int errors);
  [[nodiscard]] base::awaitable<void> copy_errors();
  [[nodiscard]] base::awaitable<void> finish_copying();
  void take(std::string_view text);

  pid_t pid_;
  proxy::net::descriptor_channel channel_;
  pipe_end errors_;
  std::string partial_;
  std::deque<std::string> lines_;
  base::task_group tasks_;
};

}  // namespace cardea::app
