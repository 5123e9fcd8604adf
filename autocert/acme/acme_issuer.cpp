#include "autocert/acme/acme_issuer.hpp"

#include "autocert/acme/chain.hpp"
#include "autocert/acme/problem.hpp"
#include "autocert/acme/renewal_info.hpp"
#include "base/text.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>

namespace cardea::autocert::acme {
namespace {

using std::chrono::milliseconds;

const std::string post_as_get;
const std::string empty_object = "{}";
constexpr int finalize_tries_max = 3;
constexpr std::string_view smallest_chain = "smallest";

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::string names_of(const std::vector<authorization>& list) {
  std::vector<std::string> names;
  for (const authorization& each : list) names.push_back(each.name());
  return joined(names);
}

}  // namespace

acme_issuer::acme_issuer(issuer_settings settings, std::shared_ptr<transport> ca,
                         std::shared_ptr<account> account, std::unique_ptr<solvers::dns01> solver,
                         base::wall_clock clock, sleep_function sleep)
    : settings_(std::move(settings)),
      ca_(std::move(ca)),
      solver_(std::move(solver)),
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

base::awaitable<bool> acme_issuer::may_ask_again(polling& so_far, std::optional<std::chrono::seconds> asked) {
  if (so_far.waited >= limits_.poll_max) co_return false;
  milliseconds pause = so_far.next;
  if (asked && asked->count() > 0) {
    pause = std::min<milliseconds>(*asked, limits_.retry_after_max);
  } else {  // "at once", again and again, would be a flood
    so_far.next = std::min(so_far.next * 2, limits_.poll_pause_max);
  }
  so_far.waited += pause;
  co_await sleep_(pause);
  co_return true;
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
  if (!wish.profile.empty() && std::find(profiles.begin(), profiles.end(), wish.profile) == profiles.end()) {
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
  placed->url = answer->header("Location");
  if (placed->url.empty()) co_return base::error(errc::malformed_answer, "the CA gave the order no address");
  co_return placed;
}

// An order may die without a word of its own; then its authorizations say why.
base::awaitable<base::error> acme_issuer::why_invalid(order ended) {
  std::string why = std::move(ended.failure);
  for (std::string& url : ended.authorizations) {
    if (!why.empty()) break;
    const auto found = co_await find_authorization(std::move(url));
    if (found && found->status != state::valid && found->status != state::pending) why = found->failure();
  }
  if (why.empty()) why = "the CA did not say why";
  co_return base::error(errc::rejected, "the order became invalid: " + why);
}

base::awaitable<base::result<order>> acme_issuer::poll_order(std::string url, state until_not) {
  polling so_far{limits_.poll_first};
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
    if (!co_await may_ask_again(so_far, asked))
      co_return base::error(base::errc::timed_out, "the CA did not go on with the order in time");
  }
}

base::awaitable<base::result<authorization>> acme_issuer::find_authorization(std::string url) {
  std::string address = url;
  std::string payload = post_as_get;
  auto answer = co_await post(std::move(address), std::move(payload));
  if (!answer) co_return answer.error().at("authorization");
  auto parsed = parse_authorization(answer->body);
  if (!parsed) co_return parsed;
  parsed->url = std::move(url);
  parsed->retry_after = parse_retry_after(answer->header("Retry-After"), clock_());
  co_return parsed;
}

base::awaitable<bool> acme_issuer::is_answered(std::string authorization_url) {
  const auto now = co_await find_authorization(std::move(authorization_url));
  if (!now) co_return false;
  const challenge* chosen = now->find("dns-01");
  co_return chosen != nullptr && chosen->status != state::pending && chosen->status != state::unknown;
}

// All challenges are answered before the first is asked about: the CA validates them side by side.
base::awaitable<base::result<void>> acme_issuer::answer(const std::vector<authorization>& open) {
  for (const authorization& each : open) {
    std::string address = each.find("dns-01")->url;
    std::string payload = empty_object;
    const auto told = co_await post(std::move(address), std::move(payload));
    if (told) continue;
    // The CA refuses a second answer, which follows when the reply to the first was lost.
    bool heard = false;
    if (told.error().code == errc::rejected) {
      std::string url = each.url;
      heard = co_await is_answered(std::move(url));
    }
    if (!heard) co_return told.error().at("challenge for " + each.domain);
  }
  co_return base::result<void>();
}

// In rounds, so that one patience serves all names and every name that failed is told.
base::awaitable<base::result<void>> acme_issuer::await_validation(std::vector<authorization> open) {
  log_.info("waiting for the CA to validate");
  polling so_far{limits_.poll_first};
  while (true) {
    std::vector<authorization> waiting;
    std::string failures;
    std::optional<std::chrono::seconds> asked;
    std::vector<authorization> failed;
    for (const authorization& each : open) {
      std::string url = each.url;
      auto now = co_await find_authorization(std::move(url));
      if (!now) co_return now.error();
      if (now->status == state::valid) continue;
      if (now->status != state::pending && now->status != state::processing) {
        failures += (failures.empty() ? "" : "; ") + now->failure();
        failed.push_back(std::move(*now));
        continue;
      }
      asked = std::max(asked, now->retry_after);
      waiting.push_back(std::move(*now));
    }
    for (const authorization& each : failed) note_failed_validation(each);
    if (!failures.empty()) co_return base::error(errc::rejected, "validation failed: " + failures);
    if (waiting.empty()) co_return base::result<void>();
    if (!co_await may_ask_again(so_far, asked))
      co_return base::error(base::errc::timed_out, "the CA did not validate in time: " + names_of(waiting));
    open = std::move(waiting);
  }
}

base::awaitable<base::result<void>> acme_issuer::validate(const order& placed) {
  std::vector<authorization> open;
  std::vector<solvers::dns01::work> work;
  for (const std::string& url : placed.authorizations) {
    std::string address = url;
    auto parsed = co_await find_authorization(std::move(address));
    if (!parsed) co_return parsed.error();
    if (parsed->status == state::valid) continue;  // the CA remembers an earlier proof (B40)
    if (parsed->status != state::pending)
      co_return base::error(errc::rejected, "the authorization is of no more use: " + parsed->failure());
    const challenge* chosen = parsed->find("dns-01");
    if (chosen == nullptr)
      co_return base::error(errc::rejected, "the CA offers no dns-01 for " + parsed->domain);
    work.push_back({parsed->domain, chosen->token, chosen->token + "." + key_->thumbprint()});
    open.push_back(std::move(*parsed));
  }
  if (open.empty()) co_return base::result<void>();
  if (!solver_->one_at_a_time()) {
    auto proven = co_await prove(std::move(open), std::move(work));
    co_return proven;
  }
  for (std::size_t i = 0; i < open.size(); ++i) {
    std::vector<authorization> one(1, open[i]);
    std::vector<solvers::dns01::work> its_work(1, work[i]);
    auto proven = co_await prove(std::move(one), std::move(its_work));
    if (!proven) co_return proven;
  }
  co_return base::result<void>();
}

base::awaitable<base::result<void>> acme_issuer::prove(std::vector<authorization> open,
                                                       std::vector<solvers::dns01::work> work) {
  log_.info("presenting DNS records", {{"count", work.size()}});
  auto visible = co_await solver_->present(std::move(work));
  if (visible) visible = co_await answer(open);
  if (visible) visible = co_await await_validation(std::move(open));
  co_await solver_->clean_up();
  co_return visible;
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

base::awaitable<base::result<std::string>> acme_issuer::order_certificate(issue_request request) {
  const auto account = co_await find_account();
  if (!account) co_return account.error();
  log_.info("ordering a certificate", {{"domains", joined(request.domains)}});
  issue_request wanted = request;
  auto placed = co_await place_order(std::move(wanted));
  if (placed && placed->status != state::pending && placed->status != state::ready) {
    log_.info("the CA handed out an order that is used up", {{"status", to_text(placed->status)}});
    wanted = request;
    placed = co_await place_order(std::move(wanted));
  }
  if (!placed) co_return placed.error();
  if (placed->status == state::pending) {
    const auto proven = co_await validate(*placed);
    if (!proven) co_return proven.error();
    const std::string url = placed->url;
    placed = co_await poll_order(url, state::pending);
    if (!placed) co_return placed.error();
  }
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

base::awaitable<base::result<std::string>> acme_issuer::order_with_account(issue_request request) {
  // Cancellation is a value here, so that what was presented is removed after it too.
  co_await base::asio::this_coro::throw_if_cancelled(false);
  issue_request first = request;
  auto outcome = co_await order_certificate(std::move(first));
  // A CA that lost the account (Pebble does at each start) gets it registered
  // once more under the same key (B31).
  if (!outcome && outcome.error().code == errc::account_unknown) {
    log_.warn("the CA does not know the account any more");
    account_->forget();
    outcome = co_await order_certificate(std::move(request));
  }
  co_return outcome;
}

base::awaitable<base::result<std::string>> acme_issuer::issue(issue_request request) {
  using base::asio::experimental::awaitable_operators::operator||;
  domains_ = request.domains;
  setback_ = {};
  co_await solver_->remove_leftovers();
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
