#pragma once

#include <chrono>
#include <functional>

namespace cardea::base {

using wall_time = std::chrono::system_clock::time_point;

/// Where wall-clock time comes from. Injected wherever a decision depends on
/// the date, so that tests turn the hands themselves.
using wall_clock = std::function<wall_time()>;

inline wall_clock system_wall_clock() {
  return [] { return std::chrono::system_clock::now(); };
}

}  // namespace cardea::base
