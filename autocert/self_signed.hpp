#pragma once

#include "base/certificate.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

#include <memory>
#include <string>
#include <vector>

namespace cardea::autocert {

/// A certificate that vouches for itself: what is served until there is a real
/// one, so that the proxy starts without a CA, and what the provider type
/// `pseudo` serves. P-256, a year, in memory only.
[[nodiscard]] base::result<std::shared_ptr<const base::certificate>> make_self_signed(
    const std::vector<std::string>& domains, base::wall_time now);

}  // namespace cardea::autocert
