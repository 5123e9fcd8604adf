#pragma once

#include <string>
#include <string_view>

namespace cardea::proxy::http {

/// Turns the path of a request target into the path of a file below a root:
/// query dropped, percent-decoded, dot segments resolved, double slashes
/// merged; begins with '/'. False for what must be refused (T07): malformed or
/// encoded control bytes, encoded slashes, backslashes, a way out of the root.
[[nodiscard]] bool file_path(std::string_view target, std::string& out);

}  // namespace cardea::proxy::http
