#pragma once

#include "api/answer.hpp"

/// The endpoints about the program itself.
namespace cardea::api {

struct services;

/// The version as a JSON string.
[[nodiscard]] answer version(const services& from);

/// A JSON object: route alias -> status, uptime and latency (nanoseconds), detail, and the same of each backend where
/// there are several; 200 alone says that the control thread is alive.
[[nodiscard]] answer health(const services& from);

}  // namespace cardea::api
