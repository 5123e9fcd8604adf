#include "autocert/renewal.hpp"

#include "autocert/retry.hpp"

#include <algorithm>
#include <cstdint>

namespace cardea::autocert {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr hours day{24};
constexpr auto long_lived = 90 * day;
constexpr auto short_lived = 10 * day;
constexpr seconds shortest_pause{15};
constexpr hours usual_pause{1};
constexpr minutes pause_of_public_ca{15};   // four failures an hour are what the strictest one allows
constexpr hours not_before_max{25};         // further away it was noted before the clock was set back
constexpr int jitter_share = 50;            // of the lifetime: 2 %
constexpr int safety_share = 20;            // of the lifetime, whatever a CA suggests (B06)
constexpr int success_interval_share = 10;  // of the lifetime (B08)
constexpr seconds revoked_interval_max{24 * 3600};  // a CA that revokes what it issues is no reason for a loop
constexpr minutes recheck_interval{10};
constexpr std::chrono::milliseconds pause_min{50};

seconds whole_seconds(base::wall_time::duration value) { return std::chrono::duration_cast<seconds>(value); }

// FNV-1a: stable between builds and machines, which std::hash does not promise.
std::uint64_t hash_of(std::string_view text, std::uint64_t seed) {
  std::uint64_t hash = 14695981039346656037ULL ^ seed;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash ^ (hash >> 32U);
}

}  // namespace

seconds lifetime(const validity& dates) noexcept {
  return whole_seconds(dates.not_after - dates.not_before) + seconds(1);
}

seconds renewal_lead(seconds lives) noexcept {
  if (lives >= long_lived) return 30 * day;
  if (lives >= short_lived) return lives / 3;
  return lives / 2;
}

base::wall_time renewal_due(base::wall_time not_before, base::wall_time not_after) noexcept {
  return not_after - renewal_lead(lifetime({not_before, not_after}));
}

base::wall_time jittered_renewal_due(const validity& dates, std::string_view name) noexcept {
  const auto began = static_cast<std::uint64_t>(dates.not_before.time_since_epoch().count());
  const auto share = std::chrono::milliseconds(lifetime(dates)) / jitter_share;
  if (share.count() <= 0) return renewal_due(dates.not_before, dates.not_after);
  const auto jitter =
      static_cast<std::int64_t>(hash_of(name, began) % static_cast<std::uint64_t>(share.count()));
  return renewal_due(dates.not_before, dates.not_after) - std::chrono::milliseconds(jitter);
}

bool same_names(std::vector<std::string> left, std::vector<std::string> right) {
  for (auto* const names : {&left, &right}) {
    std::sort(names->begin(), names->end());
    names->erase(std::unique(names->begin(), names->end()), names->end());
  }
  return left == right;
}

seconds cooldown(const std::optional<validity>& dates, base::wall_time when,
                 unsigned failures_in_row) noexcept {
  if (!dates) return pause_without_certificate(failures_in_row);
  const seconds lives = lifetime(*dates);
  const seconds left = whole_seconds(dates->not_after - when);
  if (left <= seconds(0))
    return std::min(pause_without_certificate(failures_in_row), std::max(lives / 4, shortest_pause));
  if (lives >= short_lived)
    return std::min(pause_of_renewal(failures_in_row), std::max<seconds>(left / 10, usual_pause));
  const seconds least = lives >= day ? seconds(pause_of_public_ca)
                                     : std::clamp<seconds>(lives / 40, seconds(1), shortest_pause);
  return std::clamp<seconds>(left / 10, least, usual_pause);
}

base::wall_time renewal_time(const renewal_inputs& inputs) noexcept {
  const validity& dates = *inputs.dates;
  if (!inputs.suggested) return jittered_renewal_due(dates, inputs.name);
  return std::min<base::wall_time>(*inputs.suggested, dates.not_after - lifetime(dates) / safety_share);
}

base::wall_time chosen_between(base::wall_time start, base::wall_time end, std::string_view seed) noexcept {
  const auto width = whole_seconds(end - start);
  if (width.count() <= 0) return start;
  const auto began = static_cast<std::uint64_t>(start.time_since_epoch().count());
  const std::uint64_t offset = hash_of(seed, began) % static_cast<std::uint64_t>(width.count());
  return start + seconds(static_cast<std::int64_t>(offset));
}

certificate_state state_of(const renewal_inputs& inputs, base::wall_time now) noexcept {
  if (inputs.mismatch || inputs.revoked) return certificate_state::mismatch;
  if (!inputs.dates || renewal_time(inputs) <= now) return certificate_state::expired;
  return certificate_state::valid;
}

std::optional<base::wall_time> cooldown_until(const renewal_inputs& inputs, base::wall_time now) noexcept {
  base::wall_time until = now;
  // Measured from the failure, not from now: else the pause would shrink while it is waited for.
  if (inputs.last_failure && *inputs.last_failure <= now)
    until = *inputs.last_failure + cooldown(inputs.dates, *inputs.last_failure, inputs.failures_in_row);
  if (inputs.not_before && *inputs.not_before <= now + not_before_max)
    until = std::max(until, *inputs.not_before);
  if (until <= now) return std::nullopt;
  return until;
}

base::wall_time next_attempt(const renewal_inputs& inputs, base::wall_time now) noexcept {
  base::wall_time wanted = now;
  if (inputs.dates && !inputs.mismatch && !inputs.revoked) wanted = renewal_time(inputs);
  if (inputs.dates && inputs.obtained_at && *inputs.obtained_at <= now) {
    seconds interval = std::max<seconds>(lifetime(*inputs.dates) / success_interval_share, seconds(1));
    if (inputs.revoked) interval = std::min(interval, revoked_interval_max);
    wanted = std::max(wanted, *inputs.obtained_at + interval);
  }
  const auto cooled = cooldown_until(inputs, now);
  return cooled ? std::max(wanted, *cooled) : wanted;
}

std::chrono::milliseconds pause_until(base::wall_time when, base::wall_time now) noexcept {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - now);
  return std::clamp<std::chrono::milliseconds>(left, pause_min, recheck_interval);
}

}  // namespace cardea::autocert
