#pragma once

#include "config/sections/api.hpp"
#include "config/sections/autocert.hpp"
#include "config/sections/entrypoint.hpp"
#include "config/sections/notification.hpp"
#include "config/sections/route.hpp"
#include "config/sections/upgrade.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace cardea::config {

/// The whole configuration as plain values: immutable once loaded.
struct configuration {
  autocert_section autocert;
  entrypoint_section entrypoint;
  api_section api;
  std::vector<std::string> match_domains;  ///< normalised, without a leading dot
  std::vector<route_section> routes;       ///< of all included files, aliases unique
  std::vector<notification_section> notifications;  ///< names unique
  std::chrono::seconds timeout_shutdown{3};
  upgrade_section upgrade;
  std::string pid_file;  ///< "" = none
  std::vector<std::string> files;  ///< every file that was read: what a watcher must look at
  std::vector<std::string> folders;  ///< likewise, with all that is in them
};

}  // namespace cardea::config
