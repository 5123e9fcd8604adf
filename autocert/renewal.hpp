#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// When a certificate is asked for: pure functions of times, no clock, no disk.
namespace cardea::autocert {

/// The validity of the certificate that is served now.
struct validity {
  base::wall_time not_before;
  base::wall_time not_after;
};

enum class certificate_state {
  valid,
  expired,   ///< due for renewal, not necessarily past not_after
  mismatch,  ///< its names are not the configured ones, or it was revoked
};

/// not_after is the last second that counts (RFC 5280, 4.1.2.5), so a "90 day"
/// certificate whose dates differ by one second less lives 90 days.
[[nodiscard]] std::chrono::seconds lifetime(const validity& dates) noexcept;

/// How long before not_after a certificate is renewed: 30 days when it lives 90
/// days or longer, a third of the lifetime when shorter, half below 10 days.
[[nodiscard]] std::chrono::seconds renewal_lead(std::chrono::seconds lives) noexcept;

[[nodiscard]] base::wall_time renewal_due(base::wall_time not_before, base::wall_time not_after) noexcept;

/// The same, up to 2 % of the lifetime earlier, so that many certificates of one
/// day are not renewed in one second. Depends on `name` and the dates only: a
/// restart does not roll again.
[[nodiscard]] base::wall_time jittered_renewal_due(const validity& dates, std::string_view name) noexcept;

/// Whether two lists hold the same names, in any order.
[[nodiscard]] bool same_names(std::vector<std::string> left, std::vector<std::string> right);

/// Pause after so many failures in a row, the last one at `when`.
///
/// While there is no certificate, or only an expired one: retry's
/// pause_without_certificate, but no more than a quarter of the expired one's
/// lifetime. With one that lives 10 days or longer: pause_of_renewal, but no
/// more than a tenth of what it has left or an hour. A shorter-lived one could
/// lapse within that hour: a tenth of what remains, at most an hour, at least
/// 15 minutes (when it lives less than a day: 15 seconds, below 10 minutes of
/// life a fortieth).
[[nodiscard]] std::chrono::seconds cooldown(const std::optional<validity>& dates, base::wall_time when,
                                            unsigned failures_in_row = 1) noexcept;

/// All that the decision depends on.
struct renewal_inputs {
  std::string_view name;                             ///< what the jitter depends on
  std::optional<validity> dates;                     ///< nothing: there is no certificate yet
  bool mismatch = false;                             ///< names differ from the configured ones
  std::optional<base::wall_time> last_failure = {};  ///< see failure_store
  unsigned failures_in_row = 1;                      ///< counts only with last_failure
  std::optional<base::wall_time> not_before = {};    ///< no CA may be asked before; see choose_issuer
  std::optional<base::wall_time> obtained_at = {};   ///< last success of this process
  std::optional<base::wall_time> suggested = {};     ///< chosen in the CA's window (RFC 9773)
  bool revoked = false;  ///< by its CA: replaced as at a mismatch, a day after the last success at the latest
};

/// When the certificate is to be renewed: the time that was chosen in the CA's
/// window, but no later than a twentieth of the lifetime before its end (B06);
/// without one jittered_renewal_due.
/// REQUIRES: inputs.dates.
[[nodiscard]] base::wall_time renewal_time(const renewal_inputs& inputs) noexcept;

/// A time between two, the same for the same arguments and evenly spread over
/// different ones: chosen once for a window, wherever it is computed (B01).
[[nodiscard]] base::wall_time chosen_between(base::wall_time start, base::wall_time end,
                                             std::string_view seed) noexcept;

[[nodiscard]] certificate_state state_of(const renewal_inputs& inputs, base::wall_time now) noexcept;

/// Until when another attempt is refused; nothing when it is not. A failure in
/// the future (the clock was set back) counts for nothing.
[[nodiscard]] std::optional<base::wall_time> cooldown_until(const renewal_inputs& inputs,
                                                            base::wall_time now) noexcept;

/// The next attempt that is both wanted and allowed; `now` or earlier means at once.
///
/// After a success the next one is at least a tenth of the lifetime away, so
/// that a CA whose answers are always due cannot make us loop.
[[nodiscard]] base::wall_time next_attempt(const renewal_inputs& inputs, base::wall_time now) noexcept;

/// How long to sleep (on the monotonic clock) before deciding again: never more
/// than 10 minutes, because the wall clock may be set meanwhile.
[[nodiscard]] std::chrono::milliseconds pause_until(base::wall_time when, base::wall_time now) noexcept;

}  // namespace cardea::autocert
