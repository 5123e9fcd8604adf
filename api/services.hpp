#pragma once

#include "api/process_status.hpp"
#include "base/clock.hpp"
#include "proxy/status.hpp"

#include <functional>
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
  std::function<proxy::proxy_status()> traffic = {};  ///< what the proxy counts; may be empty
  base::wall_clock clock = base::system_wall_clock();
  std::function<process_status()> process = {};  ///< may be empty
};

}  // namespace cardea::api
