#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/fetch_message.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cardea::autocert::acme {

/// Checks what a CA delivered before anything trusts it (B52): PEM, leaf first,
/// 1..10 certificates, the leaf's key is the CSR's, its names cover the order,
/// each certificate is signed by the next, none has expired.
///
/// Returns the PEM of just the certificates; errc::unusable_certificate says
/// what is wrong.
[[nodiscard]] base::result<std::string> check_chain(std::string_view pem, std::string_view csr_der,
                                                    const std::vector<std::string>& domains,
                                                    base::wall_time now);

/// Whether a certificate of the chain was issued by an issuer of that common name.
[[nodiscard]] bool has_issuer(std::string_view pem, std::string_view common_name);

/// The addresses of other chains for the same certificate: Link fields with
/// rel="alternate" (RFC 8555 section 7.4.2), at most 8.
[[nodiscard]] std::vector<std::string> alternates_of(const base::fetch_response& answer);

}  // namespace cardea::autocert::acme
