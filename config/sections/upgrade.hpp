#pragma once

#include <chrono>

namespace cardea::config {

/// How a new binary takes over from the running one.
struct upgrade_section {
  std::chrono::milliseconds ready_timeout{60'000};  ///< for the new process to be ready; the old one stays beyond
  /// How long the old process lets silent HTTP/1 clients ask once more; never longer than timeout_shutdown.
  std::chrono::milliseconds idle_grace{2'000};

  friend bool operator==(const upgrade_section&, const upgrade_section&) = default;
};

}  // namespace cardea::config
