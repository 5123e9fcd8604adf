#pragma once

#include "base/error.hpp"
#include "base/log.hpp"
#include "proxy/access_log/log_file.hpp"
#include "proxy/access_log/logger.hpp"
#include "proxy/access_log/outlet.hpp"
#include "proxy/access_log/ring.hpp"
#include "proxy/net/socket.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace cardea::proxy::access_log {

/// One worker's lines on their way to the journal.
struct feed {
  explicit feed(std::size_t bytes) : lines(bytes) {}
  ring lines;
  alignas(64) std::atomic<std::uint64_t> dropped{0};  ///< there was no room; written by the worker alone
};

struct journal_counters {
  std::uint64_t written = 0;  ///< lines that were handed to an outlet
  std::uint64_t dropped = 0;  ///< lines for which there was no room, here or there
};

/// Writes what the workers log: one thread that takes their lines from rings, and alone waits for disks.
///
/// Its thread starts with the first logger. No call blocks for a disk but `open` and `stop`.
class journal {
 public:
  journal();
  journal(const journal&) = delete;
  journal& operator=(const journal&) = delete;
  ~journal();

  /// The logger for a section; the same one for an equal section as long as somebody has it. Opens its file: the error
  /// names it and what to do. Control thread.
  [[nodiscard]] base::result<shared_logger> open(const config::access_log_section& how);
  /// The one that was opened and is still held by somebody, or null. Control thread.
  [[nodiscard]] shared_logger find(const config::access_log_section& how) const;
  /// Opens all files anew: somebody has renamed them. Any thread.
  void reopen() noexcept;
  /// Writes what is there, for a bounded time, and ends the thread. The workers have ended.
  void stop();

  /// A worker's way in. It stays until the journal's end. Any thread.
  [[nodiscard]] feed& join(std::size_t bytes);
  /// There is a line. Any worker; costs a system call only when the journal sleeps.
  void wake() noexcept {
    if (asleep_.load(std::memory_order_seq_cst)) ring_bell();
  }

  [[nodiscard]] journal_counters counters() const;

 private:
  struct slot {
    std::shared_ptr<outlet> out;
    std::weak_ptr<const void> lease;  ///< of the loggers that write there
    std::string path;                 ///< empty: standard output
    keeping how{};
  };

  [[nodiscard]] base::result<std::shared_ptr<const void>> lease_of(const std::string& path, keeping how,
                                                                   std::uint16_t& number);
  void start();
  void run();
  void take_over_changes();
  [[nodiscard]] std::size_t take_lines();
  [[nodiscard]] bool work(moment now);
  void close_unused();
  void finish();
  void tell_dropped(moment now);
  void sleep(std::chrono::milliseconds most) noexcept;
  void ring_bell() noexcept;

  base::logger log_;
  net::file_descriptor bell_;
  std::atomic<bool> asleep_{false};
  std::atomic<bool> reopen_wanted_{false};
  std::atomic<bool> stop_wanted_{false};
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> dropped_{0};  ///< by outlets
  std::atomic<std::uint64_t> version_{0};  ///< of what the lock guards

  mutable std::mutex lock_;  ///< never taken for a request
  std::vector<slot> slots_;
  std::vector<std::unique_ptr<feed>> feeds_;
  std::vector<std::weak_ptr<const logger>> loggers_;

  // The thread's own.
  std::uint64_t seen_version_ = 0;
  std::vector<slot> outlets_;
  std::vector<feed*> sources_;
  std::uint64_t told_dropped_ = 0;
  moment quiet_until_{};

  std::thread thread_;
};

}  // namespace cardea::proxy::access_log
