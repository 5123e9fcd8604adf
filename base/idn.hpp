#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cardea::base {

/// A host name in its ASCII form (IDNA2008 with the mapping of UTS #46); names
/// that are ASCII already come back as they are. Nothing when it has none.
[[nodiscard]] std::optional<std::string> to_ascii_name(std::string_view name);

}  // namespace cardea::base
