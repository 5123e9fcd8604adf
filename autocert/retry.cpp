#include "autocert/retry.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace cardea::autocert {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

constexpr std::array<seconds, 9> without_certificate{15s, 2min, 20min, 1h, 1h, 2h, 2h, 3h, 6h};
constexpr std::array<seconds, 9> of_renewal{1h, 1h, 1h, 2h, 2h, 2h, 4h, 4h, 6h};
constexpr unsigned failures_of_a_week = 30;  // at the pace of the tables
constexpr seconds once_a_day = 24h;
constexpr seconds limited_min = 1h;
constexpr seconds lasting_min = 15min;
constexpr unsigned failures_before_rehearsal = 2;
constexpr unsigned unrehearsed_each = 4;
constexpr unsigned failures_before_partial = 2;

seconds entry_of(const std::array<seconds, 9>& table, unsigned failures_in_row) {
  if (failures_in_row > failures_of_a_week) return once_a_day;
  const std::size_t index = failures_in_row > 0 ? failures_in_row - 1 : 0;
  return table[std::min(index, table.size() - 1)];
}

const issuer_failures* find(const failure_record& record, const std::string& ca) {
  const auto found = std::find_if(record.issuers.begin(), record.issuers.end(),
                                  [&](const issuer_failures& each) { return each.ca == ca; });
  return found != record.issuers.end() ? &*found : nullptr;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

seconds pause_without_certificate(unsigned failures_in_row) noexcept {
  return entry_of(without_certificate, failures_in_row);
}

seconds pause_of_renewal(unsigned failures_in_row) noexcept { return entry_of(of_renewal, failures_in_row); }

issuer_choice choose_issuer(const failure_record& record, std::span<const std::string> cas, unsigned tries,
                            base::wall_time now) {
  using rank = std::tuple<bool, base::wall_time, unsigned, std::size_t>;
  std::optional<rank> best;
  issuer_choice out;
  for (std::size_t i = 0; i < cas.size(); ++i) {
    const issuer_failures* const known = find(record, cas[i]);
    const bool is_blocked = known != nullptr && known->not_before && *known->not_before > now;
    const rank mine{is_blocked, is_blocked ? *known->not_before : base::wall_time{},
                    known != nullptr ? known->count / tries : 0, i};
    if (best && *best <= mine) continue;
    best = mine;
    out.index = i;
    out.not_before = is_blocked ? known->not_before : std::nullopt;
  }
  return out;
}

void note_setback(failure_record& record, const std::string& ca, const setback& what, base::wall_time now,
                  std::optional<seconds> lives) {
  auto found = std::find_if(record.issuers.begin(), record.issuers.end(),
                            [&](const issuer_failures& each) { return each.ca == ca; });
  if (found == record.issuers.end()) found = record.issuers.insert(record.issuers.end(), issuer_failures{ca});
  ++found->count;
  seconds pause = std::min(what.retry_after.value_or(0s), once_a_day);
  if (what.is == setback::kind::limited) pause = std::max(pause, limited_min);
  if (what.is == setback::kind::lasting)
    pause = std::max(pause, lives ? std::clamp<seconds>(*lives / 3, lasting_min, once_a_day) : once_a_day);
  found->lasting = what.is == setback::kind::lasting;
  found->not_before.reset();
  if (pause > 0s) found->not_before = now + pause;
}

bool wants_rehearsal(const failure_record& record, const std::string& ca) {
  const issuer_failures* const known = find(record, ca);
  return known != nullptr && known->count >= failures_before_rehearsal &&
         known->count % unrehearsed_each != 0;
}

bool forbids_order(const setback& of_rehearsal) {
  return of_rehearsal.is == setback::kind::refused || of_rehearsal.is == setback::kind::lasting;
}

std::vector<std::string> names_without_refused(const partial_order& of) {
  if (of.refused.empty() || (!of.lasting && of.failures_in_row < failures_before_partial)) return {};
  std::vector<std::string> out;
  for (const std::string& name : of.all)
    if (!contains(of.refused, name)) out.push_back(name);
  const bool has_good =
      std::all_of(out.begin(), out.end(), [&](const auto& each) { return contains(of.served, each); });
  const bool has_refused = std::any_of(of.refused.begin(), of.refused.end(),
                                       [&](const auto& each) { return contains(of.served, each); });
  const bool is_wanted = !has_good || (of.due && (!has_refused || of.near_end));
  if (!is_wanted) out.clear();
  return out;
}

}  // namespace cardea::autocert
