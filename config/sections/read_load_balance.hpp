#pragma once

#include "config/reader.hpp"
#include "config/sections/load_balance.hpp"

namespace cardea::config {

/// GoDoxy's `load_balance` with Cardea's own keys. What is wrong goes to the findings of `from`.
[[nodiscard]] load_balance_section read_load_balance(const value& from);

}  // namespace cardea::config
