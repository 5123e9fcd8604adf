#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace cardea::config {

/// Files of one folder by name: `404.html`, `5xx.html`, and what these refer to.
using error_page_files = std::map<std::string, std::string, std::less<>>;

/// Pages of the operator's own instead of those that say a status and nothing more.
struct error_pages_section {
  std::string folder = "error_pages";  ///< empty: off
  bool is_named = false;                ///< in the configuration: it must be there
  std::size_t bytes_max = 4 * 1024 * 1024;  ///< of all files together, which are kept in memory
  std::shared_ptr<const error_page_files> files;  ///< null: none
};

}  // namespace cardea::config
