#pragma once

#include "app/command_line.hpp"

namespace cardea::app {

/// Tells the running process to let what is on disk take its place, and waits for the outcome, which it prints.
/// 0 when the new process serves.
[[nodiscard]] int upgrade(const command_line& line);

}  // namespace cardea::app
