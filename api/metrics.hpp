#pragma once

#include "api/answer.hpp"

namespace cardea::api {

struct services;

/// Every certificate's dates, attempts and errors, and what the proxy counts,
/// in Prometheus's text format 0.0.4. Certificates that do not exist yet are in
/// it, so that an alert can name them.
[[nodiscard]] answer metrics(const services& from);

}  // namespace cardea::api
