#pragma once

#include "api/access.hpp"
#include "api/limits.hpp"
#include "api/renewals.hpp"
#include "api/services.hpp"
#include "base/async.hpp"
#include "base/log.hpp"
#include "base/task_group.hpp"

#include <cstddef>

namespace cardea::api {

/// What all sessions share. Outlives them: its owner joins `tasks` first.
struct session_context {
  services from;
  access_rules rules;
  limits maximums;
  renewals renewing;
  base::task_group tasks;
  base::logger log;
  std::size_t open_count = 0;
  bool stopping = false;
};

}  // namespace cardea::api
