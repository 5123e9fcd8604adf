#pragma once

#include "config/reader.hpp"
#include "config/sections/notification.hpp"

#include <vector>

namespace cardea::config {

/// `from` is the list `providers.notification`. What is wrong goes to its findings.
[[nodiscard]] std::vector<notification_section> read_notifications(const value& from);

}  // namespace cardea::config
