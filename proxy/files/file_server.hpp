#pragma once

#include "config/sections/files.hpp"
#include "proxy/files/file_body.hpp"
#include "proxy/http/exchange.hpp"

namespace cardea::proxy::files {

/// Answers GET and HEAD from a folder (RFC 9110): conditions, ranges, what is compressed already; nothing outside of
/// the folder, also not through links. A section without a root means the built-in welcome page.
/// REQUIRES: request and section outlive the task.
[[nodiscard]] net::task<void> serve(http::exchange& request, const config::files_section& section,
                                    transfer_settings settings);

}  // namespace cardea::proxy::files
