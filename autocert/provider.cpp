#include "autocert/provider.hpp"

#include "autocert/description.hpp"
#include "autocert/error.hpp"
#include "autocert/key.hpp"
#include "autocert/self_signed.hpp"
#include "base/crypto.hpp"
#include "base/dns_name.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"

#include <fmt/format.h>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>

namespace cardea::autocert {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds save_retry_interval = 1min;
constexpr std::chrono::milliseconds unreadable_retry_interval = 1min;
constexpr std::chrono::seconds clock_skew_noticed = 60s;
constexpr std::chrono::hours same_failure_told_again{24};
constexpr std::chrono::hours advice_retry_interval{1};  // after a question that failed

bool is_cancelled(const base::error& failure) {
  return failure == base::make_error_code(base::errc::cancelled) ||
         failure.code == base::asio::error::operation_aborted;
}

base::logger logger_of(const std::string& name) { return base::logger("autocert").with({"provider", name}); }

// Whatever a CA may have refused for good: when it changes, the refusal is of no meaning any more.
std::string fingerprint_of(const config::certificate_request& request, const std::vector<authority>& cas) {
  std::string all = fmt::format("{}|{}|{}|{}|{}", request.email, request.eab_kid, request.eab_hmac.reveal(),
                                request.profile, static_cast<int>(request.certificate_key_type));
  for (const std::string& domain : request.domains) all += '|' + domain;
  for (const config::challenge_type each : request.challenges) all += fmt::format("|{}", config::to_text(each));
  for (const authority& each : cas) all += '|' + each.name;
  for (const config::certificate_issuer& each : request.fallbacks)
    all += '|' + each.eab_kid + '|' + each.eab_hmac.reveal() + '|' + each.profile;
  return base::hex(base::sha256(all)).substr(0, 16);
}

// The chain must be for the names that were ordered, or the next check would order again.
base::result<void> check_answer(const base::certificate& answer, const std::vector<std::string>& domains) {
  if (answer.not_after() <= answer.not_before())
    return base::error(base::errc::protocol, "the CA's certificate ends before it begins");
  const auto names = answer.names();
  for (const std::string& domain : domains) {
    if (std::find(names.begin(), names.end(), domain) == names.end())
      return base::error(base::errc::protocol, fmt::format("the CA's certificate lacks the name {}", domain));
  }
  return {};
}

}  // namespace

provider::provider(config::certificate_request request, collaborators with)
    : request_(std::move(request)),
      kind_(kind_of(request_.provider)),
      with_(std::move(with)),
      log_(logger_of(request_.name)),
      store_(request_.cert_path, request_.key_path, log_, *with_.outside.files),
      failures_(request_.cert_path, request_.key_path, *with_.outside.files),
      metadata_(request_.cert_path, log_, *with_.outside.files),
      wanted_(fingerprint_of(request_, with_.cas)),
      attempt_over_(with_.outside.executor, base::steady_timer::time_point::max()),
      wake_(with_.outside.executor, base::steady_timer::time_point::max()) {
  if (!has_ca()) return;
  for (const authority& each : with_.cas) ca_names_.push_back(each.name);
  failures_.forget_other(wanted_);
  known_ = metadata_.load();
  last_error_ = known_.last_error;
}

base::result<effect> provider::load() {
  if (unsaved_) return effect::unchanged;  // what is served is newer than what the disk holds
  auto loaded = store_.load(has_ca() ? on_damage::quarantine : on_damage::report);
  unreadable_ = loaded.has_error() && loaded.error() == base::make_error_code(base::errc::io);
  if (loaded) {
    const bool same = current_ && current_->serial_hex() == (*loaded)->serial_hex();
    const bool older = current_ && has_ca() && (*loaded)->not_after() < current_->not_after();
    if (same || older) return effect::unchanged;
    foreign_ = has_ca() && with_.is_foreign && with_.is_foreign(**loaded);
    if (has_ca()) known_ = metadata_.load();
    last_error_ = known_.serial == (*loaded)->serial_hex() ? known_.last_error : "";
    serve(std::move(*loaded));
    log_.info("certificate loaded",
              {{"path", request_.cert_path}, {"expires", base::to_rfc3339(current_->not_after())}});
    return effect::replaced;
  }
  const base::error& why = loaded.error();
  if (why == base::make_error_code(base::errc::not_found)) {
    if (kind_ == provider_kind::pseudo && !current_) return renew_without_ca(renew_mode::force);
    // Nobody will make it: whoever does has to know that it is waited for.
    if (kind_ == provider_kind::local && !current_ && !std::exchange(missing_told_, true))
      log_.warn("no certificate yet, a self-signed one is served until it is there",
                {{"cert_path", request_.cert_path}, {"key_path", request_.key_path}});
    return effect::unchanged;
  }
  last_error_ = why.message();
  log_.warn("certificate on disk is not usable", {{"error", last_error_}});
  if (has_ca() && !unreadable_) return effect::unchanged;
  return why.at(name());
}

base::result<effect> provider::reload() {
  if (attempting_) return effect::unchanged;
  auto loaded = load();
  wake_.cancel();  // when to renew may be another time now
  return loaded;
}

base::result<effect> provider::renew_without_ca(renew_mode mode) {
  if (kind_ == provider_kind::local) return load();
  if (current_ && mode == renew_mode::if_needed) return effect::unchanged;
  auto made = make_self_signed(request_.domains, with_.outside.clock());
  if (!made) return failed(made.error());
  serve(std::move(*made));
  return effect::replaced;
}

base::awaitable<base::result<effect>> provider::renew(renew_mode mode) {
  if (!has_ca()) co_return renew_without_ca(mode);
  if (attempting_) co_return co_await attempt_result();
  if (mode == renew_mode::if_needed) {
    // Somebody else (another process, the operator) may have renewed, or repaired, the files.
    const auto loaded = load();
    if (!loaded) co_return loaded.error();
    if (*loaded == effect::replaced && state() == certificate_state::valid) co_return effect::unchanged;
    const base::wall_time now = with_.outside.clock();
    if (const auto until = cooldown_until(inputs(), now))
      co_return make_error(errc::in_cooldown,
                           fmt::format("still in cooldown until {}", base::to_rfc3339(*until)))
          .at(name());
    if (state() == certificate_state::valid) co_return effect::unchanged;
  }
  begin_attempt(mode);
  co_return co_await attempt_result();
}

base::awaitable<base::result<effect>> provider::attempt_result() {
  while (attempting_) co_await attempt_over_.async_wait(base::as_result);
  co_return *last_result_;
}

// A task of its own, so that an exception in a CA's client ends one attempt and not the schedule.
void provider::begin_attempt(renew_mode mode) {
  const std::string reason = mode == renew_mode::force                ? "forced"
                             : !current_                              ? "missing"
                             : is_revoked()                           ? "revoked"
                             : state() == certificate_state::mismatch ? "other names or another CA"
                                                                      : "due";
  log_.info("renewal started",
            {{"reason", reason}, {"domains", fmt::format("{}", fmt::join(request_.domains, ","))}});
  attempting_ = true;
  last_result_.reset();
  auto work = run_attempt();
  with_.tasks.spawn(std::move(work));
}

base::awaitable<void> provider::run_attempt() {
  struct at_end {
    provider& owner;
    ~at_end() { owner.end_attempt(); }
  } const ending{*this};
  auto outcome = co_await attempt();
  last_result_ = std::move(outcome);
}

void provider::end_attempt() {
  if (!last_result_) {
    note_failure(ca_names_[asked_], {});
    last_result_ = failed(base::error(base::errc::io, "the attempt ended unexpectedly"));
  }
  attempting_ = false;
  attempt_over_.cancel();
  wake_.cancel();
}

base::awaitable<base::result<effect>> provider::attempt() {
  const auto place = co_await with_.gate.enter();
  if (!place.held()) co_return base::error(base::errc::cancelled).at(name());
  const base::wall_time now = with_.outside.clock();
  const bool is_first_try = failures_.record().in_row == 0;
  const std::size_t index = choose_issuer(failures_.record(), ca_names_, request_.issuer_tries, now).index;
  asked_ = index;
  if (const auto stamped = failures_.begin(now, wanted_); !stamped)
    log_.warn("the time of the attempt could not be stored", {{"error", stamped.error().message()}});
  ++known_.attempts;
  known_.attempted_at = now;
  remember();
  if (index > 0) log_.info("another issuer is asked", {{"ca", ca_names_[index]}});
  auto pair = co_await order_from(index, is_first_try);
  if (pair) {
    pair->from = &with_.cas[index];
    install(std::move(*pair));
    co_return effect::replaced;
  }
  if (is_cancelled(pair.error())) co_return failed(pair.error());
  note_failure(ca_names_[index], setback_);
  const setback why = setback_;
  co_await order_the_rest(index, why);
  co_return failed(pair.error());
}

void provider::note_failure(const std::string& ca, const setback& why) {
  failure_record record = failures_.record();
  std::optional<std::chrono::seconds> lives;
  if (current_) lives = lifetime({current_->not_before(), current_->not_after()});
  note_setback(record, ca, why, with_.outside.clock(), lives);
  if (const auto kept = failures_.keep(std::move(record)); !kept)
    log_.warn("the failure could not be stored", {{"error", kept.error().message()}});
}

base::awaitable<base::result<provider::fresh_pair>> provider::order_from(std::size_t index,
                                                                         bool is_first_try) {
  const authority& from = with_.cas[index];
  std::vector<std::string> domains = request_.domains;
  if (from.rehearsal != nullptr && wants_rehearsal(failures_.record(), from.name)) {
    log_.info("the order is tried out in the CA's staging directory first");
    const auto tried = co_await order(*from.rehearsal, domains, false);
    if (!tried && is_cancelled(tried.error())) co_return tried.error();
    setback_ = from.rehearsal->last_setback();
    setback_.retry_after.reset();  // of no meaning to the other directory
    if (!tried && forbids_order(setback_)) co_return tried.error().at("staging");
    if (!tried) log_.warn("the staging directory cannot be used", {{"error", tried.error().message()}});
  }
  // After a failure without it: a CA that stumbles over it must not stop the renewal (B46).
  const bool replaces = is_first_try && !is_mismatch() && issuer_of_current() == &from;
  auto pair = co_await order(*from.ca, std::move(domains), replaces);
  setback_ = pair ? setback() : from.ca->last_setback();
  co_return pair;
}

base::awaitable<void> provider::order_the_rest(std::size_t index, setback why) {
  const base::wall_time now = with_.outside.clock();
  partial_order wish{request_.domains, why.names, why.is == setback::kind::lasting,
                     failures_.record().in_row};
  if (current_ && current_->not_after() > now && !foreign_) {
    wish.served = current_->names();
    wish.due = renewal_time(inputs()) <= now;
    wish.near_end = current_->not_after() - now < (current_->not_after() - current_->not_before()) / 10;
  }
  std::vector<std::string> rest = names_without_refused(wish);
  if (rest.empty()) co_return;
  log_.warn("names were refused, the others are ordered without them",
            {{"refused", fmt::format("{}", fmt::join(why.names, ","))},
             {"ordered", fmt::format("{}", fmt::join(rest, ","))}});
  auto part = co_await order(*with_.cas[index].ca, std::move(rest), false);
  if (!part) {
    log_.warn("the others were not obtained either", {{"error", part.error().message()}});
    co_return;
  }
  part->from = &with_.cas[index];
  part->whole = false;
  install(std::move(*part));
}

const authority* provider::issuer_of_current() const {
  for (const authority& each : with_.cas)
    if (known_.ca.empty() || each.name == known_.ca) return &each;
  return nullptr;
}

// Every order has a key of its own, so that a stolen one dies with its certificate, unless reuse_key says
// otherwise (pinned keys).
base::result<base::key_ptr> provider::key_for_order() const {
  if (current_ && request_.reuse_key && !key_is_burnt_) {
    base::key_ptr kept = current_->key();
    if (kept && is_of_type(kept.get(), request_.certificate_key_type)) return kept;
  }
  return make_key(request_.certificate_key_type);
}

base::awaitable<base::result<provider::fresh_pair>> provider::order(issuer& ca,
                                                                    std::vector<std::string> domains,
                                                                    bool replaces) {
  const auto key = key_for_order();
  if (!key) co_return key.error().at("make the key");
  auto csr = make_csr(key->get(), domains);
  if (!csr) co_return csr.error().at("make the signing request");
  log_.info("key and signing request made");
  issue_request wanted{domains, std::move(*csr)};
  if (replaces) wanted.replaces = current_;
  auto chain = co_await ca.issue(std::move(wanted));
  if (!chain) co_return chain.error();
  fresh_pair out{std::move(*chain), base::secret(key_to_pem(key->get())), nullptr, ca.last_profile()};
  auto parsed = base::certificate::from_pem(out.chain_pem, out.key_pem.reveal());
  if (!parsed) co_return parsed.error().at("the CA's answer is not usable");
  if (auto checked = check_answer(**parsed, domains); !checked) co_return checked.error();
  out.certificate = std::move(*parsed);
  log_.info("certificate received");
  co_return out;
}

void provider::install(fresh_pair pair) {
  const base::wall_time now = with_.outside.clock();
  if (pair.certificate->not_before() > now + clock_skew_noticed)
    log_.warn("the CA's clock is ahead of ours",
              {{"not_before", base::to_rfc3339(pair.certificate->not_before())}});
  if (pair.whole) obtained_at_ = now;  // else the pause after the failure holds the next order back
  last_error_.clear();
  key_is_burnt_ = false;
  const std::shared_ptr<const base::certificate> fresh = pair.certificate;
  const bool is_whole = pair.whole;
  known_ = metadata_of(*fresh, pair.from->name, {pair.profile, pair.from->profile}, now);
  note_paths();
  foreign_ = false;
  save(std::move(pair));
  serve(fresh);
  log_.info("certificate renewed", {{"serial", fresh->serial_hex()},
                                    {"expires", base::to_rfc3339(fresh->not_after())},
                                    {"next_renewal", base::to_rfc3339(next_attempt(inputs(), now))}});
  if (is_whole) told_error_.clear();
  tell(notifications::severity::info, "SSL certificate renewed", {}, fresh->names());
}

void provider::tell(notifications::severity level, std::string_view what, std::string text,
                    std::vector<std::string> list) {
  if (!with_.outside.notify) return;
  with_.outside.notify({level, fmt::format("{} for {}", what, name()), std::move(text), std::move(list)});
}

// Not each attempt of an outage: once, when the reason is another one, and once a day.
void provider::tell_failure() {
  const base::wall_time now = with_.outside.clock();
  const bool is_known = told_error_ == last_error_ && now - told_error_at_ < same_failure_told_again;
  if (is_known) return;
  told_error_ = last_error_;
  told_error_at_ = now;
  tell(notifications::severity::error, "SSL certificate renewal failed", last_error_);
}

void provider::save(fresh_pair pair) {
  if (const auto saved = store_.save(pair.chain_pem, pair.key_pem.reveal(), to_json(known_)); !saved) {
    // The stamp of the attempt stays on disk: a process that restarts without
    // the new pair must not order at once again.
    if (!unsaved_ || unsaved_->certificate != pair.certificate) {
      log_.error("certificate could not be saved and is served from memory",
                 {{"error", saved.error().message()}});
      tell(notifications::severity::error, "SSL certificate not saved", saved.error().message());
    }
    last_error_ = saved.error().at("not saved").message();
    unsaved_ = std::move(pair);
    return;
  }
  // Without names that were refused the failure goes on.
  if (const auto cleared = pair.whole ? failures_.clear() : base::result<void>(); !cleared)
    log_.warn("the time of the last attempt could not be removed", {{"error", cleared.error().message()}});
  log_.info("certificate saved", {{"path", request_.cert_path}});
  unsaved_.reset();
}

void provider::retry_save() {
  if (!unsaved_) return;
  fresh_pair again = *unsaved_;
  save(std::move(again));
  if (!unsaved_) last_error_.clear();
}

void provider::serve(std::shared_ptr<const base::certificate> certificate) {
  current_ = std::move(certificate);
  // What was said of it before a restart still holds; of another one nothing is known yet.
  const std::string serial = current_->serial_hex();
  if (known_.serial != serial) {
    metadata other;
    other.attempts = known_.attempts;
    other.attempted_at = known_.attempted_at;
    known_ = std::move(other);
  }
  ask_again_ = known_.suggested ? known_.suggested->ask_again : base::wall_time{};
  if (with_.changed) with_.changed();
}

base::error provider::failed(const base::error& cause) {
  if (is_cancelled(cause)) return cause.at(name());
  last_error_ = cause.message();
  const base::wall_time now = with_.outside.clock();
  known_.last_error = last_error_;
  known_.failed_at = now;
  remember();
  log_.error("renewal failed",
             {{"error", last_error_}, {"next_attempt", base::to_rfc3339(next_attempt(inputs(), now))}});
  tell_failure();
  return make_error(errc::get_certificate_failed, cause.at("get certificate").message()).at(name());
}

void provider::note_revocation(const base::certificate& which) {
  const std::string serial = which.serial_hex();
  if (!current_ || current_->serial_hex() != serial || revoked_ == serial) return;
  revoked_ = serial;
  key_is_burnt_ = true;
  tell(notifications::severity::error, "SSL certificate revoked",
       has_ca() ? "Its CA has revoked it. Another one with a new key is ordered."
                : "Its CA has revoked it. Replace its files.",
       current_->names());
  wake_.cancel();
}

bool provider::is_revoked() const { return current_ && !revoked_.empty() && revoked_ == current_->serial_hex(); }

bool provider::is_mismatch() const {
  if (!current_ || !has_ca()) return false;
  return foreign_ || !same_names(current_->names(), request_.domains);
}

renewal_inputs provider::inputs() const {
  renewal_inputs out;
  out.name = request_.cert_path;
  if (current_) out.dates = validity{current_->not_before(), current_->not_after()};
  out.mismatch = is_mismatch();
  out.revoked = has_ca() && is_revoked();
  out.last_failure = failures_.last();
  out.failures_in_row = failures_.record().in_row;
  if (has_ca())
    out.not_before =
        choose_issuer(failures_.record(), ca_names_, request_.issuer_tries, with_.outside.clock()).not_before;
  out.obtained_at = obtained_at_;
  if (current_ && known_.suggested) out.suggested = known_.suggested->at;
  return out;
}

certificate_state provider::state() const { return state_of(inputs(), with_.outside.clock()); }

certificate_status provider::status() const {
  return describe({request_, current_, known_, inputs(), last_error_}, with_.outside.clock());
}

base::awaitable<void> provider::take_advice() {
  const base::wall_time now = with_.outside.clock();
  const auto about = current_;
  const bool is_due = next_attempt(inputs(), now) <= now;
  if (!about || is_due || foreign_ || attempting_ || now < ask_again_) co_return;
  ask_again_ = now + advice_retry_interval;
  const authority* const from = issuer_of_current();
  if (from == nullptr) co_return;
  const auto advice = co_await from->ca->advise(about);
  if (about != current_) co_return;  // replaced meanwhile
  if (!advice) {
    log_.debug("the CA gives no renewal information now", {{"why", advice.error().message()}});
    co_return;
  }
  ask_again_ = with_.outside.clock() + advice->ask_again;
  if (advice->window) {
    suggest(*advice->window, ask_again_);
  } else if (std::exchange(known_.suggested, std::nullopt)) {
    remember();
  }
}

void provider::suggest(const renewal_window& window, base::wall_time ask_again) {
  const bool is_new = !known_.suggested || !(known_.suggested->window == window);
  if (is_new) {
    const base::wall_time at = chosen_between(window.start, window.end, current_->serial_hex());
    log_.info("the CA suggests when to renew", {{"renew_at", base::to_rfc3339(at)},
                                                {"window_start", base::to_rfc3339(window.start)},
                                                {"window_end", base::to_rfc3339(window.end)},
                                                {"explanation", window.explanation}});
    // A window that is over when it is first seen: the certificate is revoked, or about to be (B54).
    if (window.end <= with_.outside.clock() && known_.suggested) key_is_burnt_ = true;
    known_.suggested = suggestion{window, at, ask_again};
  }
  known_.suggested->ask_again = ask_again;
  // The pair may be somebody else's, of which there was nothing to know before.
  known_.serial = current_->serial_hex();
  known_.fingerprint = fingerprint_of(*current_);
  remember();
}

void provider::note_paths() {
  known_.cert_path = request_.cert_path;
  known_.key_path = request_.key_path;
}

void provider::remember() {
  if (!has_ca() || unsaved_)
    return;  // unsaved: it names a certificate that is not on disk: retry_save writes both
  note_paths();
  if (const auto saved = metadata_.save(known_); !saved)
    log_.warn("what is known of the certificate could not be stored", {{"error", saved.error().message()}});
}

base::awaitable<void> provider::keep_renewed() {
  if (!has_ca()) co_return;
  const auto cancellation = co_await base::asio::this_coro::cancellation_state;
  // Of an older release, or the pair was moved.
  if (!known_.serial.empty() && (known_.cert_path != request_.cert_path || known_.key_path != request_.key_path))
    remember();
  while (cancellation.cancelled() == base::asio::cancellation_type::none) {
    retry_save();
    co_await take_advice();
    // Withdrawn while the CA was asked: no later wait would notice.
    if (cancellation.cancelled() != base::asio::cancellation_type::none) co_return;
    // One reading of the clock: "at once" is the very time that was passed in.
    const base::wall_time before = with_.outside.clock();
    if (next_attempt(inputs(), before) <= before) {
      const auto renewed = co_await renew(renew_mode::if_needed);
      if (!renewed) log_.debug("no new certificate", {{"why", renewed.error().message()}});
      if (cancellation.cancelled() != base::asio::cancellation_type::none) co_return;
      if (renewed && *renewed == effect::replaced) continue;  // the CA is asked about the new one
    }
    const base::wall_time now = with_.outside.clock();
    auto duration = pause_until(next_attempt(inputs(), now), now);
    if (unsaved_) duration = std::min(duration, save_retry_interval);
    // Files that cannot be read cost no order; they are looked at again in a while.
    if (unreadable_) duration = std::max<std::chrono::milliseconds>(duration, unreadable_retry_interval);
    co_await pause(duration);
  }
}

base::awaitable<void> provider::pause(std::chrono::milliseconds duration) {
  using base::asio::experimental::awaitable_operators::operator||;
  auto elapsed = with_.outside.sleep(duration);
  auto called = woken();
  auto either = std::move(elapsed) || std::move(called);
  co_await std::move(either);
}

base::awaitable<void> provider::woken() { co_await wake_.async_wait(base::as_result); }

}  // namespace cardea::autocert
