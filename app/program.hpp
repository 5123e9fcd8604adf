#pragma once

#include <string>
#include <vector>

namespace cardea::app {

/// How this process was started: to start what is at that place of the disk by then, in the same way.
struct program {
  std::string path;  ///< absolute; a link that led here is kept, so that another release may be put behind it
  std::vector<std::string> arguments;

  /// Before anything replaces the file.
  [[nodiscard]] static program of(int argc, char** argv);
};

}  // namespace cardea::app
