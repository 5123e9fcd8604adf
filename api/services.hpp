#pragma once

#include <string>

namespace cardea::autocert {
class control;
}

namespace cardea::api {

/// What endpoints read from. Outlives every session.
struct services {
  std::string version;
  autocert::control& certificates;
};

}  // namespace cardea::api
