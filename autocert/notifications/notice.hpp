#pragma once

#include <string>
#include <vector>

namespace cardea::autocert::notifications {

enum class severity { info, warn, error };

/// Something that an operator wants to know at once. Holds no secret.
struct notice {
  severity level = severity::info;
  std::string title;              ///< one line
  std::string text = {};          ///< the body, unless there is a list
  std::vector<std::string> list = {};
};

}  // namespace cardea::autocert::notifications
