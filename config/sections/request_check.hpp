#pragma once

#include "config/sections/autocert.hpp"

#include <functional>
#include <optional>
#include <string>

namespace cardea::config {

struct request_problem {
  std::string option;  ///< the key in `options` that is wrong or missing; empty when it is none
  std::string text;    ///< one sentence without secrets
};

/// The first thing that is wrong with an entry in its provider's eyes.
using request_check = std::function<std::optional<request_problem>(const certificate_request&)>;

}  // namespace cardea::config
