#include "autocert/provider_set.hpp"

#include "autocert/error.hpp"
#include "autocert/request_check.hpp"
#include "autocert/self_signed.hpp"
#include "autocert/sni_matcher.hpp"
#include "base/atomic_file.hpp"
#include "base/rfc3339.hpp"

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <limits>

namespace cardea::autocert {
namespace {

// Of certificates that left the configuration: behind main, the extras and the folders.
constexpr std::uint32_t last_rank = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t inherited_max = 1'000;

base::result<void> first_failure(const std::vector<base::result<effect>>& results) {
  for (const auto& each : results)
    if (!each) return each.error();
  return {};
}

renewal_outcome outcome_of(const provider& which, const base::result<effect>& renewed) {
  if (!renewed) return {which.name(), false, renewed.error().message()};
  if (*renewed == effect::replaced)
    return {which.name(), true, "expires " + base::to_rfc3339(which.certificate()->not_after())};
  return {which.name(), false,
          which.kind() == provider_kind::local ? "local: the files on disk have not changed" : "not due"};
}

}  // namespace

provider_set::provider_set(const config::autocert_section& section, environment outside)
    : outside_(std::move(outside)),
      log_("autocert"),
      gate_(outside_.executor, outside_.orders_max),
      unused_(section, outside_.clock, *outside_.files),
      tasks_(outside_.executor, log_) {}

provider_set::~provider_set() = default;

base::result<std::unique_ptr<provider_set>> provider_set::create(const config::autocert_section& section,
                                                                 environment outside) {
  if (auto checked = check_requests(section, outside.dns_providers); !checked) return checked.error();
  std::unique_ptr<provider_set> out(new provider_set(section, std::move(outside)));
  const std::string root_folder = base::directory_of(section.main.cert_path);
  std::vector<const config::certificate_request*> entries{&section.main};
  for (const auto& extra : section.extra) entries.push_back(&extra);
  for (std::uint32_t rank = 0; rank < entries.size(); ++rank) {
    for (const config::certificate_request& each : config::by_key_type(*entries[rank]))
      if (auto added = out->add(each, rank, root_folder); !added) return added.error();
  }
  for (const std::string& path : section.folders)
    out->folders_.emplace_back(path, static_cast<std::uint32_t>(1 + section.extra.size() + out->folders_.size()));
  return out;
}

base::result<void> provider_set::add(const config::certificate_request& request, std::uint32_t rank,
                                     const std::string& root_folder) {
  provider::collaborators with{outside_, gate_, tasks_, {}, {}, [this] { publish(); }};
  switch (kind_of(request.provider)) {
    case provider_kind::local:
    case provider_kind::pseudo:
      break;
    case provider_kind::internal: {
      if (!internal_)
        internal_ = std::make_unique<internal_ca>(root_folder, outside_.clock, log_, *outside_.files);
      with.cas.push_back({"internal", internal_.get()});
      with.is_foreign = [this](const base::certificate& leaf) { return !internal_->has_issued(leaf); };
      break;
    }
    case provider_kind::custom:
    case provider_kind::dns: {
      if (!outside_.make_acme_issuer)
        return make_error(errc::unknown_provider, "this program has no ACME client").at(request.name);
      for (const config::certificate_request& each : config::requests_by_issuer(request)) {
        auto added = make_authority(each);
        if (!added) return added.error().at(request.name);
        with.cas.push_back(std::move(*added));
      }
      with.is_foreign = internal_ca::is_internal;
      break;
    }
  }
  claims_.push_back({std::make_shared<const claimant>(claimant{rank, request.name}),
                     std::make_unique<stapler>(request.cert_path, outside_, log_.with({"provider", request.name}),
                                               [this] { publish(); },
                                               [this, index = providers_.size()](const base::certificate& which) {
                                                 providers_[index]->note_revocation(which);
                                               }),
                     nullptr});
  providers_.push_back(std::make_unique<provider>(request, std::move(with)));
  return {};
}

base::result<authority> provider_set::make_authority(const config::certificate_request& request) {
  authority out{config::directory_of(request)};
  out.profile = request.profile;
  auto made = outside_.make_acme_issuer(request);
  if (!made) return made.error();
  out.ca = issuers_.emplace_back(std::move(*made)).get();
  if (const auto rehearsal = config::rehearsal_of(request)) {
    auto staging = outside_.make_acme_issuer(*rehearsal);
    if (!staging) return staging.error().at("staging");
    out.rehearsal = issuers_.emplace_back(std::move(*staging)).get();
  }
  return out;
}

std::vector<base::error> provider_set::load_all() {
  std::vector<base::error> out;
  for (const auto& each : providers_)
    if (auto loaded = each->load(); !loaded) out.push_back(loaded.error());
  std::vector<sni_matcher::change> found;
  for (certificate_folder& each : folders_) {
    auto changes = each.scan();
    std::move(changes.begin(), changes.end(), std::back_inserter(found));
  }
  publishing_ = true;
  publish(std::move(found));
  return out;
}

void provider_set::inherit(const provider_set& former) {
  const auto is_ours = [this](const base::certificate& which) {
    return std::any_of(claims_.begin(), claims_.end(), [&](const claim& each) {
      return each.certificate && each.certificate->leaf_der() == which.leaf_der();
    });
  };
  std::vector<sni_matcher::change> changes;
  const auto take = [&](const base::certificate_ptr& which) {
    if (!which || is_ours(*which) || inherited_.size() >= inherited_max) return;
    if (which->not_after() <= outside_.clock()) return;
    inherited_.push_back({std::make_shared<const claimant>(claimant{last_rank, "former"}), which});
    changes.push_back({inherited_.back().by, nullptr, which});
  };
  for (const claim& each : former.claims_) take(each.certificate);
  for (const inherited& each : former.inherited_) take(each.certificate);
  if (changes.empty() || !publishing_) return;
  // Names that others claim too are no conflict to tell of: these come last on purpose.
  matcher_ = matcher_->with(changes, fallbacks());
  publish();
  auto watching = watch_inherited();
  tasks_.spawn(std::move(watching));
}

// Looked at each hour, and not slept through to the end, because the wall clock may jump.
base::awaitable<void> provider_set::watch_inherited() {
  while (!stopped_ && !inherited_.empty()) {
    co_await outside_.sleep(std::chrono::hours(1));
    const base::wall_time now = outside_.clock();
    const bool one_ended = std::any_of(inherited_.begin(), inherited_.end(), [now](const inherited& each) {
      return each.certificate->not_after() <= now;
    });
    if (!stopped_ && one_ended) publish();
  }
}

base::awaitable<void> provider_set::collect_unused() {
  while (!stopped_) {
    unused_.look();
    co_await outside_.sleep(std::chrono::hours(24));
  }
}

void provider_set::drop_ended(std::vector<sni_matcher::change>& into) {
  std::erase_if(inherited_, [&](const inherited& each) {
    if (each.certificate->not_after() > outside_.clock()) return false;
    into.push_back({each.by, each.certificate, nullptr});
    return true;
  });
}

std::vector<base::error> provider_set::reload() {
  std::vector<base::error> out;
  for (const auto& each : providers_) {
    if (each->kind() == provider_kind::pseudo) continue;
    if (auto loaded = each->reload(); !loaded) out.push_back(loaded.error());
  }
  return out;
}

void provider_set::look_at_folders() {
  if (folders_.empty() || stopped_) return;
  if (looking_) {
    look_again_ = true;
    return;
  }
  looking_ = true;
  auto work = examine_folders();
  tasks_.spawn(std::move(work));
}

base::awaitable<void> provider_set::examine_folders() {
  // A look at a hundred thousand files takes a second: the API and renewals go on between two pieces.
  constexpr std::size_t piece = 256;
  do {
    look_again_ = false;
    for (certificate_folder& each : folders_) {
      const std::vector<std::string> before = each.folders();
      const std::vector<pair_files> pairs = each.list();
      // What came into a folder before it was watched made no event.
      look_again_ = look_again_ || before != each.folders();
      if (folders_listed) folders_listed();
      for (std::size_t i = 0; i < pairs.size() && !stopped_; ++i) {
        each.examine(pairs[i]);
        if (i % piece == piece - 1) co_await base::asio::post(outside_.executor, base::use_awaitable);
      }
      publish(each.take_changes());
    }
  } while (look_again_ && !stopped_);
  looking_ = false;
}

std::vector<std::string> provider_set::folders() const {
  std::vector<std::string> out;
  for (const certificate_folder& each : folders_)
    out.insert(out.end(), each.folders().begin(), each.folders().end());
  return out;
}

void provider_set::take_changes_of_providers(std::vector<sni_matcher::change>& into) {
  for (std::size_t i = 0; i < providers_.size(); ++i) {
    claims_[i].staples->follow(providers_[i]->certificate());
    const base::certificate_ptr& now = claims_[i].staples->served();
    if (now == claims_[i].certificate) continue;
    into.push_back({claims_[i].by, claims_[i].certificate, now});
    claims_[i].certificate = now;
  }
}

// Placeholders claim no names: main's wildcard may well cover an extra that is still missing.
std::vector<base::certificate_ptr> provider_set::fallbacks() {
  std::vector<base::certificate_ptr> out;
  for (std::size_t i = 0; i < providers_.size() && claims_[i].by->rank == 0; ++i)
    if (const auto& main = claims_[i].certificate) out.push_back(main);
  if (!out.empty()) {
    std::stable_partition(out.begin(), out.end(), [](const auto& each) { return base::is_ecdsa(each->kind()); });
    return out;
  }
  // Nobody is on the way to main's files: the folders are the site.
  if (providers_.front()->kind() == provider_kind::local)
    for (const certificate_folder& each : folders_)
      if (auto first = each.first()) return {std::move(first)};
  if (!placeholder_) {
    std::vector<std::string> names;
    for (const auto& each : providers_)
      names.insert(names.end(), each->request().domains.begin(), each->request().domains.end());
    if (auto made = make_self_signed(names, outside_.clock()); made)
      placeholder_ = std::move(*made);
    else
      log_.error("no placeholder certificate", {{"error", made.error().message()}});
  }
  if (!placeholder_) return {};
  return {placeholder_};
}

void provider_set::publish(std::vector<sni_matcher::change> changes) {
  if (!publishing_) return;
  take_changes_of_providers(changes);
  drop_ended(changes);
  matcher_ = matcher_->with(changes, fallbacks());
  for (const claim_conflict& each : matcher_->conflicts_of(changes))
    log_.warn("a name is claimed twice, the first keeps it",
              {{"name", each.name}, {"kept_by", each.kept_by}, {"refused", each.refused}});
  snapshot_ = matcher_;
  outside_.publish(snapshot_);
}

base::awaitable<void> provider_set::run() {
  schedule_renewal_all();
  co_await join();
}

void provider_set::stop() {
  stopped_ = true;
  tasks_.cancel();
}

base::awaitable<void> provider_set::join() { co_await tasks_.join(); }

void provider_set::schedule_renewal_all() {
  if (scheduled_ || stopped_) return;
  scheduled_ = true;
  for (const auto& each : providers_) {
    auto schedule = each->keep_renewed();
    tasks_.spawn(std::move(schedule));
  }
  auto collecting = collect_unused();
  tasks_.spawn(std::move(collecting));
  if (!outside_.fetch) return;
  for (const claim& each : claims_) {
    auto schedule = each.staples->keep_fresh();
    tasks_.spawn(std::move(schedule));
  }
}

base::awaitable<base::result<void>> provider_set::obtain_cert_all() {
  std::vector<provider*> which;
  for (const auto& each : providers_)
    if (each->kind() != provider_kind::local) which.push_back(each.get());
  const auto results = co_await renew_each(std::move(which), renew_mode::force);
  co_return first_failure(results);
}

base::awaitable<base::result<void>> provider_set::obtain_cert_if_not_exists_all() {
  std::vector<provider*> which;
  for (const auto& each : providers_)
    if (each->kind() != provider_kind::local && !each->certificate()) which.push_back(each.get());
  const auto results = co_await renew_each(std::move(which), renew_mode::if_needed);
  co_return first_failure(results);
}

base::awaitable<void> provider_set::renew_into(provider& which, renew_mode mode,
                                               base::result<effect>& outcome) {
  outcome = co_await which.renew(mode);
}

base::awaitable<std::vector<base::result<effect>>> provider_set::renew_each(std::vector<provider*> which,
                                                                            renew_mode mode) {
  std::vector<base::result<effect>> results(which.size());
  base::task_group children(outside_.executor, log_);
  for (std::size_t i = 0; i < which.size(); ++i) {
    auto work = renew_into(*which[i], mode, results[i]);
    children.spawn(std::move(work));
  }
  co_await children.join();
  co_return results;
}

force_result provider_set::force_expiry_all(std::function<void(std::vector<renewal_outcome>)> finished) {
  if (forcing_) {
    log_.info("renewal request dropped: one is already running");
    return force_result::already_running;
  }
  forcing_ = true;
  auto work = force_all(std::move(finished));
  tasks_.spawn(std::move(work));
  return force_result::started;
}

base::awaitable<void> provider_set::force_all(std::function<void(std::vector<renewal_outcome>)> finished) {
  // The caller must have returned before `finished` is called.
  co_await base::asio::post(outside_.executor, base::use_awaitable);
  std::vector<renewal_outcome> outcomes;
  if (stopped_) {
    for (const auto& each : providers_) outcomes.push_back({each->name(), false, "shutting down"});
  } else {
    std::vector<provider*> which;
    for (const auto& each : providers_) which.push_back(each.get());
    const auto results = co_await renew_each(which, renew_mode::force);
    for (std::size_t i = 0; i < which.size(); ++i) outcomes.push_back(outcome_of(*which[i], results[i]));
  }
  forcing_ = false;
  finished(std::move(outcomes));
}

std::vector<certificate_status> provider_set::states() const {
  std::vector<certificate_status> out;
  for (const auto& each : providers_) out.push_back(each->status());
  return out;
}

std::vector<certificate_status> provider_set::certificates() const {
  std::vector<certificate_status> out;
  for (const auto& each : providers_)
    if (each->certificate()) out.push_back(each->status());
  return out;
}

void provider_set::print_cert_expiries_all() const {
  const base::wall_time now = outside_.clock();
  for (const auto& each : providers_) {
    const base::logger log = log_.with({"provider", each->name()});
    if (!each->certificate()) {
      log.info("no certificate yet");
      continue;
    }
    const base::wall_time end = each->certificate()->not_after();
    const auto hours = std::chrono::duration_cast<std::chrono::hours>(end - now).count();
    log.info("certificate expiry", {{"subject", each->certificate()->subject()},
                                    {"expires", base::to_rfc3339(end)},
                                    {"hours_left", hours}});
  }
}

std::shared_ptr<const base::certificate> provider_set::get_cert(std::string_view server_name) const {
  const auto found = matcher_->find(server_name);
  if (found.empty()) return nullptr;
  const base::wall_time now = outside_.clock();
  const auto valid = std::find_if(found.begin(), found.end(), [now](const auto& each) { return each->not_after() > now; });
  return valid == found.end() ? found.front() : *valid;
}

}  // namespace cardea::autocert
