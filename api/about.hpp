#pragma once

#include "api/answer.hpp"

/// The endpoints about the program itself.
namespace cardea::api {

struct services;

/// The version as a JSON string.
[[nodiscard]] answer version(const services& from);

/// A JSON object: route alias -> state of its health check. Empty while no
/// route has one; the status 200 alone says that the control thread is alive.
[[nodiscard]] answer health(const services& from);

}  // namespace cardea::api
