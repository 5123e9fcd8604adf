#pragma once

#include "config/sections/access_log.hpp"
#include "proxy/access_log/ring.hpp"

#include <memory>
#include <vector>

namespace cardea::proxy::access_log {

/// One configured access log: what is written, and to which of the journal's outlets. Immutable, shared by the workers.
struct logger {
  config::access_log_section how;
  targets to;
  std::vector<std::shared_ptr<const void>> leases;  ///< keep its outlets open
};

using shared_logger = std::shared_ptr<const logger>;

}  // namespace cardea::proxy::access_log
