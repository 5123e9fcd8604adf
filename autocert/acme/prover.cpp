#include "autocert/acme/prover.hpp"

#include "autocert/acme/problem.hpp"
#include "base/dns_name.hpp"
#include "base/retry_after.hpp"

#include <algorithm>

namespace cardea::autocert::acme {
namespace {

const std::string post_as_get;
const std::string empty_object = "{}";

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : std::string(between)) + part;
  return out;
}

std::string names_of(const std::vector<authorization>& list) {
  std::vector<std::string> names;
  for (const authorization& each : list) names.push_back(each.name());
  return joined(names, ", ");
}

std::string types_of(const prover::solver_list& list, const std::string& name) {
  std::vector<std::string> types;
  for (const auto& each : list)
    if (config::can_prove(each->type(), name)) types.emplace_back(config::to_text(each->type()));
  return joined(types, ", ");
}

// A failure that another challenge type could not mend.
bool ends_attempt(const base::error& failure) {
  return failure.code == base::errc::cancelled || failure.code == errc::rate_limited ||
         failure.code == errc::account_unknown || failure.code == errc::bad_nonce;
}

solvers::solver::work work_for(const authorization& about, const challenge& chosen,
                               const prover::account& by) {
  solvers::solver::work out{about.domain, chosen.token, {}, about.wildcard, by.url, by.thumbprint, {}, {}};
  if (!chosen.token.empty()) out.key_authorization = chosen.token + "." + by.thumbprint;
  out.issuers = chosen.issuers.empty() ? by.issuers : chosen.issuers;
  out.hash_prefix = by.hash_prefix;
  return out;
}

}  // namespace

base::awaitable<base::result<authorization>> find_authorization(post_function post, std::string url,
                                                                base::wall_time now) {
  std::string address = url;
  std::string payload = post_as_get;
  auto answer = co_await post(std::move(address), std::move(payload));
  if (!answer) co_return answer.error().at("authorization");
  auto parsed = parse_authorization(answer->body);
  if (!parsed) co_return parsed;
  parsed->url = std::move(url);
  parsed->retry_after = base::parse_retry_after(answer->header("Retry-After"), now);
  co_return parsed;
}

prover::prover(post_function post, const solver_list& by, patience::limits limits,
               patience::sleep_function sleep, base::wall_clock clock, base::logger log)
    : post_(std::move(post)),
      solvers_(by),
      limits_(limits),
      sleep_(std::move(sleep)),
      clock_(std::move(clock)),
      log_(std::move(log)) {}

solvers::solver* prover::choose(const std::string& name, const authorization* offered,
                                const attempt& so_far) const {
  const auto failed = so_far.failed.find(name);
  for (const auto& each : solvers_) {
    const config::challenge_type type = each->type();
    if (!config::can_prove(type, name)) continue;
    if (failed != so_far.failed.end() && failed->second.contains(type)) continue;
    if (offered == nullptr || offered->find(config::to_text(type)) != nullptr) return each.get();
  }
  return nullptr;
}

// A reason is told once, though several names may have it.
void prover::note(attempt& so_far, const std::string& name, config::challenge_type type,
                  std::string reason) const {
  so_far.failed[name].insert(type);
  if (solvers_.size() > 1) reason = std::string(config::to_text(type)) + ": " + reason;
  auto& told = so_far.reasons;
  if (std::find(told.begin(), told.end(), reason) == told.end()) told.push_back(std::move(reason));
}

// All names, so that the operator hears of everything that is missing at once; wildcards first, because what
// they need serves the name below too.
base::awaitable<base::result<void>> prover::check(const std::vector<std::string>& domains, const account& by,
                                                  attempt& so_far) {
  std::vector<std::string> names = domains;
  std::stable_partition(names.begin(), names.end(), base::is_wildcard);
  bool is_provable = true;
  for (const std::string& name : names) {
    while (true) {
      solvers::solver* const first = choose(name, nullptr, so_far);
      if (first == nullptr) {
        is_provable = false;
        break;
      }
      const bool is_wildcard = base::is_wildcard(name);
      solvers::solver::work wanted{is_wildcard ? name.substr(2) : name,
                                   {},
                                   {},
                                   is_wildcard,
                                   by.url,
                                   by.thumbprint,
                                   by.issuers,
                                   by.hash_prefix};
      const auto usable = co_await first->check(std::move(wanted));
      if (usable) break;
      if (ends_attempt(usable.error())) co_return usable.error();
      note(so_far, name, first->type(), usable.error().message());
    }
  }
  if (!is_provable) co_return base::error(errc::rejected, joined(so_far.reasons, "; "));
  co_return base::result<void>();
}

base::awaitable<base::result<std::vector<authorization>>> prover::open_ones(const order& placed) {
  std::vector<authorization> open;
  for (const std::string& url : placed.authorizations) {
    std::string address = url;
    auto found = co_await find_authorization(post_, std::move(address), clock_());
    if (!found) co_return found.error();
    if (found->status == state::valid) continue;  // the CA remembers an earlier proof (B40)
    if (found->status != state::pending)
      co_return base::error(found->is_forbidden_by_caa() ? errc::forbidden_by_caa : errc::rejected,
                            "the authorization is of no more use: " + found->failure());
    open.push_back(std::move(*found));
  }
  co_return open;
}

base::result<std::vector<prover::task>> prover::assign(const std::vector<authorization>& open,
                                                       const attempt& so_far) const {
  std::vector<task> out;
  for (const authorization& each : open) {
    solvers::solver* const by = choose(each.name(), &each, so_far);
    if (by != nullptr) {
      out.push_back({each, by});
      continue;
    }
    if (!so_far.reasons.empty()) return base::error(errc::rejected, joined(so_far.reasons, "; "));
    return base::error(errc::rejected,
                       "the CA offers no " + types_of(solvers_, each.name()) + " for " + each.name());
  }
  return out;
}

base::awaitable<base::result<void>> prover::prove(const order& placed, const account& by, attempt& so_far) {
  so_far.may_order_again = false;
  auto open = co_await open_ones(placed);
  if (!open) co_return open.error();
  while (!open->empty()) {
    const auto tasks = assign(*open, so_far);
    if (!tasks) co_return tasks.error();
    solvers::solver& now = *tasks->front().by;
    std::vector<authorization> ours;
    std::vector<authorization> others;
    for (const task& each : *tasks) {
      const bool is_ours = each.by == &now && (ours.empty() || !now.one_at_a_time());
      (is_ours ? ours : others).push_back(each.about);
    }
    std::vector<authorization> tried = ours;
    const outcome ended = co_await prove_by(now, std::move(ours), by, so_far);
    if (!ended.proven && !ended.is_untouched) co_return ended.proven.error();
    if (!ended.proven) others.insert(others.begin(), tried.begin(), tried.end());
    *open = std::move(others);
  }
  co_return base::result<void>();
}

base::awaitable<prover::outcome> prover::prove_by(solvers::solver& by, std::vector<authorization> open,
                                                  const account& who, attempt& so_far) {
  const std::string type(config::to_text(by.type()));
  std::vector<solvers::solver::work> wanted;
  for (const authorization& each : open) wanted.push_back(work_for(each, *each.find(type), who));
  log_.info("presenting challenges", {{"type", type}, {"count", wanted.size()}});
  outcome ended;
  ended.proven = co_await by.present(std::move(wanted));
  if (!ended.proven && !ends_attempt(ended.proven.error())) {
    ended.is_untouched = true;
    const std::string reason = ended.proven.error().message();
    for (const authorization& each : open) note(so_far, each.name(), by.type(), reason);
    if (solvers_.size() > 1)
      log_.warn("a challenge could not be presented", {{"type", type}, {"reason", reason}});
  }
  if (ended.proven) ended.proven = co_await answer(open, type);
  if (ended.proven) ended.proven = co_await await_validation(std::move(open), by.type(), so_far);
  co_await by.clean_up();
  co_return ended;
}

// All challenges are answered before the first is asked about: the CA validates them side by side.
base::awaitable<base::result<void>> prover::answer(const std::vector<authorization>& open, std::string type) {
  for (const authorization& each : open) {
    std::string address = each.find(type)->url;
    std::string payload = empty_object;
    const auto told = co_await post_(std::move(address), std::move(payload));
    if (told) continue;
    // The CA refuses a second answer, which follows when the reply to the first was lost.
    bool heard = false;
    if (told.error().code == errc::rejected) {
      std::string url = each.url;
      heard = co_await is_answered(std::move(url), type);
    }
    if (!heard) co_return told.error().at("challenge for " + each.domain);
  }
  co_return base::result<void>();
}

base::awaitable<bool> prover::is_answered(std::string authorization_url, std::string type) {
  const auto now = co_await find_authorization(post_, std::move(authorization_url), clock_());
  if (!now) co_return false;
  const challenge* chosen = now->find(type);
  co_return chosen != nullptr && chosen->status != state::pending && chosen->status != state::unknown;
}

// In rounds, so that one patience serves all names and every name that failed is told.
base::awaitable<base::result<void>> prover::await_validation(std::vector<authorization> open,
                                                             config::challenge_type type, attempt& so_far) {
  log_.info("waiting for the CA to validate");
  patience between(limits_, sleep_);
  while (true) {
    std::vector<authorization> waiting;
    std::vector<authorization> failed;
    bool has_caa = false;
    bool has_another = true;
    std::optional<std::chrono::seconds> asked;
    for (const authorization& each : open) {
      std::string url = each.url;
      auto now = co_await find_authorization(post_, std::move(url), clock_());
      if (!now) co_return now.error();
      if (now->status == state::valid) continue;
      if (now->status != state::pending && now->status != state::processing) {
        has_caa = has_caa || now->is_forbidden_by_caa();
        so_far.failed[each.name()].insert(type);
        so_far.reasons.push_back(now->failure());  // names the type
        // By what was offered before: a dead authorization shows only the challenge that failed, and another
        // order will have the same.
        has_another = has_another && choose(each.name(), &each, so_far) != nullptr;
        failed.push_back(std::move(*now));
        continue;
      }
      asked = std::max(asked, now->retry_after);
      waiting.push_back(each);
    }
    for (const authorization& each : failed)
      if (heard_) heard_(each);
    if (!failed.empty()) {
      // Whatever the proof, CAA forbids the certificate.
      so_far.may_order_again = has_another && !has_caa;
      co_return base::error(has_caa ? errc::forbidden_by_caa : errc::rejected,
                            "validation failed: " + joined(so_far.reasons, "; "));
    }
    if (waiting.empty()) co_return base::result<void>();
    if (!co_await between.wait(asked))
      co_return base::error(base::errc::timed_out, "the CA did not validate in time: " + names_of(waiting));
    open = std::move(waiting);
  }
}

}  // namespace cardea::autocert::acme
