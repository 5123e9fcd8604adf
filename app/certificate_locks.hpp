#pragma once

#include "base/folder_lock.hpp"
#include "base/log.hpp"
#include "config/sections/autocert.hpp"

#include <map>
#include <string>

namespace cardea::app {

/// The folders that the certificates of a configuration are written to, as long as they are this process's.
class certificate_locks {
 public:
  /// Takes those that are missing and lets go of others. False when another process has one; `holder` says who.
  /// A folder that cannot be locked at all (a file system without locks) is nobody's: that is logged.
  [[nodiscard]] bool take(const config::autocert_section& section);
  void release() noexcept { held_.clear(); }

  [[nodiscard]] const std::string& holder() const noexcept { return holder_; }

 private:
  std::map<std::string, base::folder_lock> held_;
  std::string holder_;
  base::logger log_{"autocert"};
};

}  // namespace cardea::app
