#pragma once

#include "config/reader.hpp"
#include "config/sections/entrypoint.hpp"

namespace cardea::config {

/// `proxy_protocol`, or else GoDoxy's deprecated `support_proxy_protocol`, of the entrypoint's keys.
[[nodiscard]] proxy_protocol_section read_proxy_protocol(mapping& entrypoint);

}  // namespace cardea::config
