#pragma once

#include "api/answer.hpp"

/// The endpoint about the process and the one that is to take its place.
namespace cardea::api {

struct services;

/// A JSON object; 404 where the program does not tell.
[[nodiscard]] answer process(const services& from);

}  // namespace cardea::api
