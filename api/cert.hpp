#pragma once

#include "api/answer.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace cardea::autocert {
struct certificate_status;
struct renewal_outcome;
}

/// The endpoints about certificates.
namespace cardea::api {

struct services;

/// A JSON array with to_object of each certificate. 404 when there is none.
[[nodiscard]] answer cert_info(const services& from);

/// All that certificate_status says, times in unix seconds; `ari` is null when
/// the CA suggests no time.
[[nodiscard]] boost::json::object to_object(const autocert::certificate_status& one);

/// {"provider": "main", "renewed": true, "detail": "..."}, serialised.
[[nodiscard]] std::string printed(const autocert::renewal_outcome& outcome);

}  // namespace cardea::api
