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

namespace cardea::autocert {
namespace {

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

provider_set::provider_set(environment outside)
    : outside_(std::move(outside)),
      log_("autocert"),
      gate_(outside_.executor, outside_.orders_max),
      tasks_(outside_.executor, log_) {}

provider_set::~provider_set() = default;

base::result<std::unique_ptr<provider_set>> provider_set::create(const config::autocert_section& section,
                                                                 environment outside) {
  if (auto checked = check_requests(section, outside.dns_providers); !checked) return checked.error();
  std::unique_ptr<provider_set> out(new provider_set(std::move(outside)));
  const std::string root_folder = base::directory_of(section.main.cert_path);
  if (auto added = out->add(section.main, root_folder); !added) return added.error();
  for (const auto& extra : section.extra)
    if (auto added = out->add(extra, root_folder); !added) return added.error();
  return out;
}

base::result<void> provider_set::add(const config::certificate_request& request,
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
  publishing_ = true;
  publish();
  return out;
}

std::vector<base::error> provider_set::reload() {
  std::vector<base::error> out;
  for (const auto& each : providers_) {
    if (each->kind() == provider_kind::pseudo) continue;
    if (auto loaded = each->reload(); !loaded) out.push_back(loaded.error());
  }
  return out;
}

// A certificate that has not expired claims its names before one that has, else
// the order of the configuration decides. Placeholders claim none: main's
// wildcard may well cover an extra that is still missing.
void provider_set::publish() {
  if (!publishing_) return;
  std::vector<std::shared_ptr<const base::certificate>> held;
  for (const auto& each : providers_)
    if (each->certificate()) held.push_back(each->certificate());
  const base::wall_time now = outside_.clock();
  std::stable_partition(held.begin(), held.end(),
                        [now](const auto& each) { return each->not_after() > now; });

  std::shared_ptr<const base::certificate> fallback = providers_.front()->certificate();
  if (!fallback) {
    if (!placeholder_) {
      std::vector<std::string> names;
      for (const auto& each : providers_)
        names.insert(names.end(), each->request().domains.begin(), each->request().domains.end());
      if (auto made = make_self_signed(names, now); made)
        placeholder_ = std::move(*made);
      else
        log_.error("no placeholder certificate", {{"error", made.error().message()}});
    }
    fallback = placeholder_;
  }
  snapshot_ = sni_matcher::of(held, std::move(fallback));
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
  if (!snapshot_) return nullptr;
  return {snapshot_, snapshot_->find(server_name)};
}

}  // namespace cardea::autocert
