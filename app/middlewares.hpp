#pragma once

#include "config/sections/middleware.hpp"
#include "proxy/middleware/chain.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cardea::app {

/// The chains of a configuration by the name of their route. One whose options are as before stays the same object over
/// reloads and resolutions: what its rate limits have counted is not forgotten.
class middleware_chains {
 public:
  [[nodiscard]] std::shared_ptr<const proxy::middleware::chain> find(
      const std::string& name, const std::vector<config::middleware_section>& sections);
  /// Those that nobody asked for since it was called last.
  void forget_unused();

 private:
  struct kept {
    std::vector<config::middleware_section> sections;
    std::shared_ptr<const proxy::middleware::chain> made;
    bool is_used = false;
  };
  std::map<std::string, kept> chains_;
};

}  // namespace cardea::app
