#pragma once

#include "api/answer.hpp"

#include <string>

namespace cardea::autocert {
struct renewal_outcome;
}

/// The endpoints about certificates.
namespace cardea::api {

struct services;

/// A JSON array with one object for each certificate: subject, issuer,
/// not_before, not_after (unix seconds), dns_names, email_addresses, provider,
/// next_renewal (unix seconds, 0 = never by itself), last_error. 404 when there
/// is none.
[[nodiscard]] answer cert_info(const services& from);

/// {"provider": "main", "renewed": true, "detail": "..."}, serialised.
[[nodiscard]] std::string printed(const autocert::renewal_outcome& outcome);

}  // namespace cardea::api
