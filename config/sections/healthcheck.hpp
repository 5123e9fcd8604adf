#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace cardea::config {

enum class check_kind : std::uint8_t { http, tcp };

/// `healthcheck` of a route and `defaults.healthcheck`; what is not written is empty.
struct healthcheck_section {
  std::optional<bool> disable;
  std::optional<check_kind> type;
  std::optional<bool> use_get;      ///< GET instead of HEAD
  std::optional<std::string> path;  ///< begins with '/'
  std::optional<std::chrono::milliseconds> interval;
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<std::int64_t> retries;  ///< 0: as if not written; below 0: one

  [[nodiscard]] bool is_written() const noexcept {
    return disable || type || use_get || path || interval || timeout || retries;
  }

  friend bool operator==(const healthcheck_section&, const healthcheck_section&) = default;
};

/// What a check does, with nothing left open.
struct health_plan {
  bool enabled = false;
  check_kind type = check_kind::http;
  bool use_get = false;
  std::string path = "/";
  std::chrono::milliseconds interval{5'000};
  std::chrono::milliseconds timeout{5'000};
  std::size_t failures_max = 3;  ///< in a row, until a backend counts as down

  friend bool operator==(const health_plan&, const health_plan&) = default;
};

/// The route's own words, then the defaults', then GoDoxy's values. Without any a route is checked when it has
/// `several` backends: only then there is somebody else to send a request to.
[[nodiscard]] health_plan plan_of(const healthcheck_section& own, const healthcheck_section& defaults, bool several);

}  // namespace cardea::config
