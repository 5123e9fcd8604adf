#pragma once

#include "autocert/issuer.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

#include <openssl/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

/// ACME renewal information (RFC 9773).
namespace cardea::autocert::acme {

/// base64url(authority key identifier) "." base64url(serial number), as section
/// 4.1 builds it; nothing when the certificate does not name its authority's key.
[[nodiscard]] std::optional<std::string> certificate_id(X509* leaf);

/// The window in a renewalInfo object. errc::malformed_answer when it is none
/// that can be kept: missing, not times, or its end is not after its start (B04).
[[nodiscard]] base::result<renewal_window> parse_renewal_info(std::string_view body);

/// When to ask again by a Retry-After field: 1 minute to 24 hours, 6 hours when it says nothing (B02).
[[nodiscard]] std::chrono::seconds ask_again_after(std::string_view retry_after, base::wall_time now);

}  // namespace cardea::autocert::acme
