#pragma once

#include "config/config.hpp"
#include "proxy/access_log/journal.hpp"

#include <vector>

namespace cardea::app {

/// Opens the access logs of the entrypoint and of all routes: all of them, or the reason why not. They stay open, and
/// the journal finds them, for as long as somebody has what is returned.
[[nodiscard]] base::result<std::vector<proxy::access_log::shared_logger>> open_access_logs(
    const config::configuration& from, proxy::access_log::journal& in);

}  // namespace cardea::app
