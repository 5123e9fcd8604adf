#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// One-time passwords of RFC 6238, as vendors with a second factor want them:
/// SHA-1, 30 seconds, six digits.
namespace cardea::dnsproviders {

/// The password of a moment; nothing when the secret is not base32 (RFC 4648
/// section 6; blanks, case and padding do not matter).
[[nodiscard]] std::optional<std::string> totp(std::string_view secret, base::wall_time now);

/// The number of the 30 seconds that a moment is in.
[[nodiscard]] std::int64_t totp_period(base::wall_time now);

}  // namespace cardea::dnsproviders
