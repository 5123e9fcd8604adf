#include "autocert/acme/request_budget.hpp"

#include <algorithm>
#include <string_view>

namespace cardea::autocert::acme {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::hours failures_counted_for{1};
constexpr std::size_t names_max = 100'000;
// More requests than this wait only when the clock was set back.
constexpr std::size_t waiting_max = 1'000;

std::string without_wildcard(const std::string& name) {
  return name.starts_with("*.") ? name.substr(2) : name;
}

}  // namespace

request_budget::limits request_budget::of_public_ca() {
  limits out;
  out.new_nonces = {15, 67ms};
  out.new_accounts = {3, 400ms};
  out.new_orders_at_once = {10, 67ms};
  out.new_orders = {150, 75s};  // 150 and 144 in any 3 hours: below 300
  out.others = {100, 10ms};
  out.failed_validations_max = 4;
  return out;
}

std::chrono::milliseconds request_budget::meter::take(const pace& at, base::wall_time now) {
  if (at.interval.count() == 0) return 0ms;
  const auto credit = at.interval * static_cast<std::int64_t>(at.burst > 0 ? at.burst - 1 : 0);
  const auto latest = now + credit + at.interval * static_cast<std::int64_t>(waiting_max);
  if (due > latest) due = now + credit;
  due = std::max(due, now);
  const auto pause = std::chrono::ceil<std::chrono::milliseconds>(due - credit - now);
  due += at.interval;
  return std::max(pause, std::chrono::milliseconds(0));
}

std::chrono::milliseconds request_budget::take(kind what, base::wall_time now) {
  std::chrono::milliseconds pause = meters_[0].take(limits_.others, now);
  switch (what) {
    case kind::new_nonce:
      pause = std::max(pause, meters_[1].take(limits_.new_nonces, now));
      break;
    case kind::new_account:
      pause = std::max(pause, meters_[2].take(limits_.new_accounts, now));
      break;
    case kind::new_order:
      pause = std::max({pause, meters_[3].take(limits_.new_orders_at_once, now),
                        meters_[4].take(limits_.new_orders, now)});
      break;
    case kind::other:
      break;
  }
  return pause;
}

void request_budget::note_failed_validation(const std::string& name, base::wall_time now) {
  if (limits_.failed_validations_max == 0) return;
  if (failures_.size() == names_max) failures_.clear();  // far beyond what one program manages
  std::vector<base::wall_time>& of = failures_[without_wildcard(name)];
  std::erase_if(of, [&](base::wall_time each) { return each + failures_counted_for <= now; });
  of.push_back(now);
  if (of.size() > limits_.failed_validations_max) of.erase(of.begin());
}

std::optional<base::wall_time> request_budget::validation_allowed(const std::vector<std::string>& names,
                                                                  base::wall_time now) const {
  std::optional<base::wall_time> out;
  for (const std::string& name : names) {
    const auto found = failures_.find(without_wildcard(name));
    if (found == failures_.end() || found->second.size() < limits_.failed_validations_max) continue;
    const base::wall_time free_again = found->second.front() + failures_counted_for;
    // One in the future was noted before the clock was set back.
    if (free_again > now && found->second.front() <= now) out = std::max(out.value_or(now), free_again);
  }
  return out;
}

}  // namespace cardea::autocert::acme
