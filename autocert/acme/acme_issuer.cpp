#include "autocert/acme/acme_issuer.hpp"

#include "autocert/acme/chain.hpp"
#include "autocert/acme/problem.hpp"
#include "autocert/acme/renewal_info.hpp"
#include "base/dns_name.hpp"
#include "base/text.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>

namespace cardea::autocert::acme {
namespace {

using std::chrono::milliseconds;

const std::string post_as_get;
constexpr int finalize_tries_max = 3;
constexpr std::string_view smallest_chain = "smallest";

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

acme_issuer::acme_issuer(issuer_settings settings, std::shared_ptr<transport> ca,
                         std::shared_ptr<account> account, prover::solver_list by,
                         base::wall_clock clock, sleep_function sleep)
    : settings_(std::move(settings)),
      ca_(std::move(ca)),
      solvers_(std::move(by)),
      clock_(std::move(clock)),
      sleep_(std::move(sleep)),
      log_(base::logger("acme").with({"provider", settings_.name})),
      account_(std::move(account)) {}

base::awaitable<base::result<base::fetch_response>> acme_issuer::post(std::string url, std::string payload) {
  signer by{*key_, account_url_};
  auto asked = co_await ca_->ask(std::move(by), std::move(url), std::move(payload));
  setback_ = {};
  if (asked.refusal)
    setback_ = setback_from(*asked.refusal, domains_);
  else if (!asked.answer)
    setback_.is = setback::kind::unreachable;
  co_return std::move(asked.answer);
}

post_function acme_issuer::signed_post() {
  return [this](std::string url, std::string payload) { return post(std::move(url), std::move(payload)); };
}

base::awaitable<base::result<void>> acme_issuer::find_account() {
  auto found = co_await account_->ready();
  setback_ = {};
  if (!found) {
    setback_.is = setback::kind::unreachable;
    if (account_->refusal()) {
      setback_ = setback_from(*account_->refusal(), domains_);
      // A wrong external account, or one that was deactivated.
      if (account_->refusal()->type == "unauthorized") setback_.is = setback::kind::lasting;
    }
    co_return found;
  }
  key_ = account_->key();
  account_url_ = account_->url();
  co_return found;
}

// What fails here counts at the CA, and it blocks names that fail too often.
void acme_issuer::note_failed_validation(const authorization& failed) {
  ca_->budget().note_failed_validation(failed.domain, clock_());
  const bool is_first = setback_.names.empty();
  const bool lasts = failed.failure_type() == "caa" || failed.failure_type() == "rejectedIdentifier";
  setback_.names.push_back(failed.name());
  if (!lasts) setback_.is = setback::kind::refused;
  if (lasts && is_first) setback_.is = setback::kind::lasting;
}

base::awaitable<base::result<order>> acme_issuer::place_order(issue_request request) {
  const auto where = co_await ca_->find_directory();
  if (!where) co_return where.error();
  order_wish wish{std::move(request.domains), settings_.profile, {}};
  const auto& profiles = where->profiles;
  const bool has_profile =
      wish.profile.empty() || std::find(profiles.begin(), profiles.end(), wish.profile) != profiles.end();
  if (!has_profile && settings_.profile_fallback) {
    log_.warn("the CA has no such profile, its default is ordered", {{"profile", wish.profile}});
    wish.profile.clear();
  } else if (!has_profile) {
    setback_.is = setback::kind::lasting;
    co_return base::error(errc::rejected, "the CA has no profile '" + wish.profile + "'; it has " +
                                              (profiles.empty() ? "none" : joined(profiles)));
  }
  const base::wall_time now = clock_();
  if (const auto until = ca_->budget().validation_allowed(wish.domains, now)) {
    const auto pause = std::chrono::ceil<std::chrono::seconds>(*until - now);
    setback_ = {setback::kind::limited, pause, {}};
    co_return base::error(errc::rate_limited,
                          "too many failed validations within an hour: the CA would pause the names; wait " +
                              std::to_string(pause.count()) + " seconds");
  }
  if (request.replaces && !where->renewal_info.empty())
    wish.replaces = certificate_id(request.replaces->leaf().get()).value_or("");
  order_wish plain{wish.domains, wish.profile, {}};
  const bool replaces = !wish.replaces.empty();
  auto placed = co_await place(std::move(wish));
  // Somebody else's order was first (B46): it is ordered all the same, as a new one.
  if (!placed && replaces && placed.error().code == errc::already_replaced)
    placed = co_await place(std::move(plain));
  co_return placed;
}

base::awaitable<base::result<order>> acme_issuer::place(order_wish wish) {
  const auto where = co_await ca_->find_directory();
  if (!where) co_return where.error();
  std::string payload = new_order_payload(wish);
  auto answer = co_await post(where->new_order, std::move(payload));
  if (!answer) co_return answer.error().at("order");
  auto placed = parse_order(answer->body);
  if (!placed) co_return placed;
  profile_ = placed->profile.empty() ? wish.profile : placed->profile;
  placed->url = answer->header("Location");
  if (placed->url.empty()) co_return base::error(errc::malformed_answer, "the CA gave the order no address");
  co_return placed;
}

// An order may die without a word of its own; then its authorizations say why.
base::awaitable<base::error> acme_issuer::why_invalid(order ended) {
  std::string why = std::move(ended.failure);
  bool is_caa = ended.failure_type == "caa";
  for (std::string& url : ended.authorizations) {
    if (!why.empty()) break;
    post_function by_us = signed_post();
    const auto found = co_await find_authorization(std::move(by_us), std::move(url), clock_());
    if (!found || found->status == state::valid || found->status == state::pending) continue;
    why = found->failure();
    is_caa = found->is_forbidden_by_caa();
  }
  if (why.empty()) why = "the CA did not say why";
  co_return base::error(is_caa ? errc::forbidden_by_caa : errc::rejected, "the order became invalid: " + why);
}

base::awaitable<base::result<order>> acme_issuer::poll_order(std::string url, state until_not) {
  patience between(limits_, sleep_);
  while (true) {
    std::string address = url;
    std::string payload = post_as_get;
    auto answer = co_await post(std::move(address), std::move(payload));
    if (!answer) co_return answer.error().at("order");
    auto parsed = parse_order(answer->body);
    if (!parsed) co_return parsed;
    parsed->url = url;
    if (parsed->status == state::invalid) {
      order ended = std::move(*parsed);
      co_return co_await why_invalid(std::move(ended));
    }
    if (parsed->status != until_not && parsed->status != state::processing) co_return parsed;
    const auto asked = parse_retry_after(answer->header("Retry-After"), clock_());
    if (!co_await between.wait(asked))
      co_return base::error(base::errc::timed_out, "the CA did not go on with the order in time");
  }
}

base::awaitable<base::result<order>> acme_issuer::finalize(order placed, const std::string& csr_der) {
  log_.info("finalizing the order");
  milliseconds pause = limits_.poll_first;
  for (int tries = 1;; ++tries) {
    std::string address = placed.finalize;
    std::string payload = R"({"csr":")" + base::base64url(csr_der) + R"("})";
    const auto told = co_await post(std::move(address), std::move(payload));
    if (told) break;
    if (told.error().code != errc::order_not_ready) co_return told.error().at("finalize");
    // Either the CA has not caught up with its own validations (B41), or it did
    // hear us and only its answer was lost: then the order is not ready any more.
    std::string url = placed.url;
    auto now = co_await poll_order(std::move(url), state::pending);
    if (!now || now->status != state::ready) co_return now;
    if (tries == finalize_tries_max) co_return told.error().at("finalize");
    co_await sleep_(pause);
    pause *= 4;
  }
  std::string url = placed.url;
  auto issued = co_await poll_order(std::move(url), state::ready);
  co_return issued;
}

// The first chain that is wanted, of those that the CA offers (RFC 8555 section 7.4.2).
base::awaitable<base::result<std::string>> acme_issuer::download(std::string url) {
  std::string payload = post_as_get;
  auto first = co_await post(std::move(url), std::move(payload));
  if (!first) co_return first.error();
  const std::string& wanted = settings_.preferred_chain;
  const bool is_smallest = wanted == smallest_chain;
  if (wanted.empty() || (!is_smallest && has_issuer(first->body, wanted))) co_return std::move(first->body);
  for (const std::string& each : alternates_of(*first)) {
    std::string address = each;
    payload = post_as_get;
    auto other = co_await post(std::move(address), std::move(payload));
    if (!other) {
      log_.warn("an alternate chain could not be downloaded", {{"error", other.error().message()}});
      continue;
    }
    if (is_smallest && other->body.size() < first->body.size()) first->body = std::move(other->body);
    if (!is_smallest && has_issuer(other->body, wanted)) co_return std::move(other->body);
  }
  if (is_smallest) co_return std::move(first->body);
  log_.warn("the CA offers no chain of the preferred issuer", {{"preferred_chain", wanted}});
  co_return std::move(first->body);
}

base::awaitable<base::result<renewal_advice>> acme_issuer::advise(
    std::shared_ptr<const base::certificate> about) {
  const auto where = co_await ca_->find_directory();
  if (!where) co_return where.error();
  const auto id = certificate_id(about->leaf().get());
  if (where->renewal_info.empty() || !id) co_return renewal_advice{};
  std::string address = where->renewal_info;
  if (!address.ends_with('/')) address += '/';
  address += *id;
  const auto answer = co_await ca_->get(std::move(address));
  if (!answer) co_return answer.error().at("renewal information");
  renewal_advice out{std::nullopt, ask_again_after(answer->header("Retry-After"), clock_())};
  auto window = parse_renewal_info(answer->body);
  if (window)
    out.window = std::move(*window);
  else
    log_.warn("the CA's renewal information is of no use", {{"error", window.error().message()}});
  co_return out;
}

base::awaitable<base::result<order>> acme_issuer::place_fresh_order(issue_request request) {
  issue_request wanted = request;
  auto placed = co_await place_order(std::move(wanted));
  if (!placed || placed->status == state::pending || placed->status == state::ready) co_return placed;
  log_.info("the CA handed out an order that is used up", {{"status", to_text(placed->status)}});
  placed = co_await place_order(std::move(request));
  co_return placed;
}

base::awaitable<base::result<order>> acme_issuer::proven_order(issue_request request) {
  const auto where = co_await ca_->find_directory();
  if (!where) co_return where.error();
  const prover::account who{account_url_, key_->thumbprint(), where->issuer_names,
                            where->account_hash_prefix};
  prover proving(signed_post(), solvers_, limits_, sleep_, clock_, log_);
  proving.on_failed_validation([this](const authorization& failed) { note_failed_validation(failed); });
  prover::attempt so_far;
  const auto checked = co_await proving.check(request.domains, who, so_far);
  if (!checked) co_return checked.error();
  for (int orders = 1;; ++orders) {
    issue_request wanted = request;
    auto placed = co_await place_fresh_order(std::move(wanted));
    if (!placed || placed->status != state::pending) co_return placed;
    const auto proven = co_await proving.prove(*placed, who, so_far);
    if (proven) {
      const std::string url = placed->url;
      placed = co_await poll_order(url, state::pending);
      co_return placed;
    }
    if (!so_far.may_order_again || orders == limits_.orders_max) co_return proven.error();
    log_.warn("a challenge type failed, the next one is tried", {{"reason", proven.error().message()}});
  }
}

base::awaitable<base::result<std::string>> acme_issuer::order_certificate(issue_request request) {
  const auto account = co_await find_account();
  if (!account) co_return account.error();
  log_.info("ordering a certificate", {{"domains", joined(request.domains)}});
  issue_request wanted = request;
  auto placed = co_await proven_order(std::move(wanted));
  if (!placed) co_return placed.error();
  if (placed->status == state::ready) {
    order ready = *placed;
    placed = co_await finalize(std::move(ready), request.csr_der);
    if (!placed) co_return placed.error();
  }
  if (placed->status != state::valid || placed->certificate.empty())
    co_return base::error(errc::malformed_answer,
                          "the order is " + std::string(to_text(placed->status)) + " and has no certificate");
  std::string address = placed->certificate;
  const auto chain = co_await download(std::move(address));
  if (!chain) co_return chain.error().at("download");
  log_.info("certificate downloaded");
  co_return check_chain(*chain, request.csr_der, request.domains, clock_());
}

// The record to publish, because the CA only says which one stands in its way (B53).
base::awaitable<base::error> acme_issuer::with_caa_advice(base::error failure,
                                                          std::vector<std::string> domains) {
  const auto where = co_await ca_->find_directory();
  const bool is_known = where && !where->caa_identities.empty();
  std::string its_name = is_known ? where->caa_identities.front() : "the CA's name";
  const bool is_wildcard = std::any_of(domains.begin(), domains.end(), base::is_wildcard);
  std::string text =
      failure.message() + "; to allow it, publish the DNS record: NAME CAA 0 issue \"" + its_name + "\"";
  if (is_wildcard) text += " (for wildcards: issuewild, where the domain has such records)";
  co_return base::error(errc::rejected, std::move(text));
}

base::awaitable<base::result<std::string>> acme_issuer::order_with_account(issue_request request) {
  // Cancellation is a value here, so that what was presented is removed after it too.
  co_await base::asio::this_coro::throw_if_cancelled(false);
  issue_request first = request;
  std::vector<std::string> domains = request.domains;
  auto outcome = co_await order_certificate(std::move(first));
  // A CA that lost the account (Pebble does at each start) gets it registered
  // once more under the same key (B31).
  if (!outcome && outcome.error().code == errc::account_unknown) {
    log_.warn("the CA does not know the account any more");
    account_->forget();
    outcome = co_await order_certificate(std::move(request));
  }
  if (!outcome && outcome.error().code == errc::forbidden_by_caa) {
    base::error failure = outcome.error();
    outcome = co_await with_caa_advice(std::move(failure), std::move(domains));
  }
  co_return outcome;
}

base::awaitable<base::result<std::string>> acme_issuer::issue(issue_request request) {
  using base::asio::experimental::awaitable_operators::operator||;
  domains_ = request.domains;
  setback_ = {};
  for (const auto& each : solvers_) co_await each->remove_leftovers();
  auto order = order_with_account(std::move(request));
  auto patience = sleep_(limits_.order_max);
  auto either = std::move(order) || std::move(patience);
  // The loser is cancelled and waited for: an order that takes too long cleans up first.
  auto ended = co_await std::move(either);
  if (ended.index() == 0) co_return std::get<0>(std::move(ended));
  const auto cancellation = co_await base::asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != base::asio::cancellation_type::none)
    co_return base::error(base::errc::cancelled, "withdrawn");
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(limits_.order_max).count();
  co_return base::error(base::errc::timed_out,
                        "the order took longer than " + std::to_string(minutes) + " minutes");
}

}  // namespace cardea::autocert::acme
