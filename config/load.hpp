#pragma once

#include "base/error.hpp"
#include "config/config.hpp"
#include "config/environment.hpp"
#include "config/issue.hpp"
#include "config/sections/read_error_pages.hpp"
#include "config/sections/request_check.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::config {

/// The text of a file. Errors: base::errc::not_found, io and limit_exceeded.
using file_source = std::function<base::result<std::string>(const std::string& path)>;

/// Regular files up to document_limits::text_bytes_max.
[[nodiscard]] file_source disk();

/// What a load depends on besides its files.
struct load_options {
  environment lookup = process_environment();
  file_source read = disk();
  folder_source list = disk_folders();  ///< of error pages
  /// What `autocert.provider` may be besides local, pseudo, custom and internal.
  /// The names must outlive the call.
  std::span<const std::string_view> dns_provider_names = {};
  /// What only a certificate's provider knows of its entry (is an option
  /// unknown, missing, of the wrong form?); empty: not asked. No network traffic.
  request_check check_request = {};
};

/// Everything that was found, not only the first thing.
struct load_result {
  std::optional<configuration> loaded;  ///< nothing when there are errors
  std::vector<issue> errors;
  std::vector<issue> warnings;  ///< what is accepted but does not do all that it says
  std::vector<issue> notes;     ///< what is accepted and harmless but does nothing: for the log at info
  std::vector<std::string>
      files;  ///< what was read or looked for, also on failure: what to watch for a repair
  std::vector<std::string> folders;  ///< likewise, with all that is in them
};

/// Reads the main file, `autocert.yml` beside it when it has no `autocert`
/// section, and the route files that it includes.
///
/// `entrypoint.http_addr`, `entrypoint.https_addr` and `api.addr` are
/// overridden by the first non-empty of CARDEA_, GODOXY_ and GOPROXY_
/// followed by HTTP_ADDR, HTTPS_ADDR and API_ADDR ("off" switches off).
[[nodiscard]] load_result load(const std::string& path, const load_options& options);

/// The same for text that is no file: `name` stands for its path in messages
/// and for the folder of its includes; no `autocert.yml` is looked for.
[[nodiscard]] load_result load_text(std::string name, std::string_view text, const load_options& options);

}  // namespace cardea::config
