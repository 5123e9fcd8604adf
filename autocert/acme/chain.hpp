#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"

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

}  // namespace cardea::autocert::acme
