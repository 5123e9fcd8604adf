#pragma once

#include "config/reader.hpp"
#include "config/sections/upgrade.hpp"

namespace cardea::config {

[[nodiscard]] upgrade_section read_upgrade(const value& from);

}  // namespace cardea::config
