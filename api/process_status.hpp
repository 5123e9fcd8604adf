#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace cardea::api {

/// The process, and how the one fares that is to take its place.
struct process_status {
  enum class upgrade_state { none, running, failed, draining };

  pid_t pid = 0;
  std::int64_t started_at = 0;  ///< unix seconds
  upgrade_state upgrade = upgrade_state::none;
  std::uint64_t upgrade_attempts = 0;
  std::string upgrade_error;              ///< of the last attempt
  std::vector<std::string> upgrade_lines;  ///< the last that the new process said, when it failed
};

}  // namespace cardea::api
