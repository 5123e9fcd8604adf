#pragma once

#include "base/file_lock.hpp"
#include "base/log.hpp"
#include "config/sections/autocert.hpp"

#include <map>
#include <string>

namespace cardea::app {

/// The right to write the files of a configuration's certificates: a lock for each pair, since several processes may
/// have pairs of their own in one folder.
class certificate_locks {
 public:
  /// Takes those that are missing and lets go of others. False when another process has one; `holder` says who.
  /// What cannot be locked at all (a file system without locks) is nobody's: that is logged.
  [[nodiscard]] bool take(const config::autocert_section& section);
  void release() noexcept { held_.clear(); }

  [[nodiscard]] const std::string& holder() const noexcept { return holder_; }

 private:
  std::map<std::string, base::file_lock> held_;
  std::string holder_;
  base::logger log_{"autocert"};
};

}  // namespace cardea::app
