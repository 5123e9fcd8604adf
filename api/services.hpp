#pragma once

#include <string>

namespace cardea::autocert {
class control;
}

namespace cardea::proxy {
class health_source;
}

namespace cardea::api {

/// What endpoints read from. Outlives every session.
struct services {
  std::string version;
  autocert::control& certificates;
  const proxy::health_source& routes;
};

}  // namespace cardea::api
