#include "config/sections/healthcheck.hpp"

#include <algorithm>

namespace cardea::config {

health_plan plan_of(const healthcheck_section& own, const healthcheck_section& defaults, bool several) {
  // In GoDoxy three failures at the usual interval are a service that went down.
  constexpr std::chrono::milliseconds patience{15'000};
  health_plan out;
  const bool disabled = own.disable.value_or(defaults.disable.value_or(false));
  out.enabled = !disabled && (several || own.is_written() || defaults.is_written());
  out.type = own.type.value_or(defaults.type.value_or(out.type));
  out.use_get = own.use_get.value_or(defaults.use_get.value_or(out.use_get));
  out.path = own.path.value_or(defaults.path.value_or(out.path));
  out.interval = own.interval.value_or(defaults.interval.value_or(out.interval));
  out.timeout = own.timeout.value_or(defaults.timeout.value_or(out.timeout));
  std::int64_t retries = own.retries.value_or(0);
  if (retries == 0) retries = defaults.retries.value_or(0);
  if (retries == 0) retries = patience / out.interval;
  out.failures_max = static_cast<std::size_t>(std::max<std::int64_t>(1, retries));
  return out;
}

}  // namespace cardea::config
