#include "dnsproviders/vendor_session.hpp"

#include "base/dns_name.hpp"
#include "base/idn.hpp"
#include "dnsproviders/keyed_lock.hpp"
#include "dnsproviders/timing.hpp"
#include "dnsproviders/vendor_call.hpp"

#include <functional>
#include <utility>

namespace cardea::dnsproviders {
namespace {

constexpr int pages_max = 100;
constexpr int settle_steps_max = 200;
constexpr int busy_tries_max = 4;
constexpr std::chrono::milliseconds busy_pause{5'000};
constexpr int login_steps_max = 4;

// As DNS compares names: ASCII, lower case, no final dot.
std::string zone_name(const std::string& as_written) {
  const std::string lower = base::normalise_dns_name(as_written);
  return base::to_ascii_name(lower).value_or(lower);
}

}  // namespace

base::result<vendor_settings> read_vendor_settings(const provider_metadata& of,
                                                   const option_values& options) {
  vendor_settings out;
  out.name = of.name;
  out.api_url = options["api_url"];
  if (out.api_url.empty()) out.api_url = options[of.defaults.api_url_option];
  if (out.api_url.empty()) out.api_url = of.defaults.api_url;
  while (out.api_url.ends_with('/')) out.api_url.pop_back();
  if (!out.api_url.starts_with("https://") && !out.api_url.starts_with("http://"))
    return options.wrong(of.defaults.api_url_option.empty() ? "api_url" : of.defaults.api_url_option,
                         out.api_url.empty() ? "is missing" : "is not an http or https address");
  out.ttl = of.defaults.ttl;
  if (!options["ttl"].empty()) {
    const auto ttl = options.number("ttl", of.defaults.ttl_min, 604'800);
    if (!ttl) return ttl.error();
    out.ttl = *ttl;
  }
  out.http_timeout = of.defaults.http_timeout;
  if (!options["http_timeout"].empty()) {
    const auto timeout = options.duration("http_timeout");
    if (!timeout) return timeout.error();
    out.http_timeout = *timeout;
  }
  const auto propagation = read_timing(options, of.defaults.propagation);
  if (!propagation) return propagation.error();
  out.propagation = *propagation;
  for (const option_spec& each : of.options)
    if (each.secret && !options[each.key].empty()) out.secrets.emplace_back(options[each.key]);
  return out;
}

bool vendor_session::may_go_to(const std::string& url) const {
  std::vector<std::string> services = vendor_.other_services();
  services.push_back(settings_.api_url);
  for (const std::string& each : services) {
    if (!url.starts_with(each)) continue;
    const std::string_view rest = std::string_view(url).substr(each.size());
    if (rest.empty() || each.ends_with('/') || rest.front() == '/' || rest.front() == '?') return true;
  }
  return false;
}

base::awaitable<base::result<answer>> vendor_session::send_once(request what) {
  // A vendor's paging link is followed only to where the credentials belong.
  if (what.url.starts_with("http://") || what.url.starts_with("https://")) {
    if (!may_go_to(what.url))
      co_return base::error(base::errc::protocol,
                            settings_.name + ": the vendor's link leads to another server");
  } else {
    what.url = settings_.api_url + what.url;
  }
  what.timeout = settings_.http_timeout;
  std::function<void(request&)> authorize = [this](request& each) { vendor_.authorize(each, from_.now()); };
  std::chrono::milliseconds pause = busy_pause;
  for (int tries = 1;; ++tries) {
    request copy = what;
    auto received = co_await vendor_call(from_, std::move(copy), authorize);
    if (!received) co_return received.error().at(settings_.name);
    answer got(std::move(*received));
    if (!vendor_.is_busy(got) || tries == busy_tries_max) co_return got;
    co_await from_.sleep(pause);
    pause *= 2;
  }
}

base::awaitable<base::result<void>> vendor_session::log_in() {
  if (!vendor_.login(from_.now())) co_return base::result<void>();
  std::string key = settings_.name + " login";
  const auto lock = co_await keyed_lock::acquire(std::move(key));
  if (!lock) co_return lock.error();
  // Somebody else may have logged in by now.
  for (int steps = 0; steps < login_steps_max; ++steps) {
    if (!vendor_.login(from_.now())) co_return base::result<void>();
    if (const auto pause = vendor_.login_pause(from_.now()); pause.count() > 0) co_await from_.sleep(pause);
    auto next = vendor_.login(from_.now());
    if (!next) co_return base::result<void>();
    auto answered = co_await send_once(std::move(*next));
    const bool is_done = answered && vendor_.judge(*answered) == outcome::done;
    // A step of a session that may be gone is not tried again by itself.
    if (!is_done) vendor_.forget_login();
    if (!answered) co_return answered.error();
    if (!is_done) co_return refusal(*answered, ": login");
    auto taken = vendor_.take_login(*answered, from_.now());
    if (!taken) co_return taken.error().at(settings_.name + ": login");
  }
  co_return base::result<void>();
}

base::awaitable<base::result<answer>> vendor_session::send(request what) {
  for (bool again = false;; again = true) {
    auto logged_in = co_await log_in();
    if (!logged_in) co_return logged_in.error();
    request copy = what;
    auto answered = co_await send_once(std::move(copy));
    if (!answered || again || !vendor_.is_logged_out(*answered)) co_return answered;
    vendor_.forget_login();
    if (!vendor_.login(from_.now())) co_return answered;
  }
}

base::awaitable<base::result<answer>> vendor_session::ask(request what) {
  auto answered = co_await send(std::move(what));
  if (answered && vendor_.judge(*answered) == outcome::refused) {
    zones_.clear();  // one may have been deleted and created anew since it was asked for
    co_return refusal(*answered);
  }
  co_return answered;
}

base::error vendor_session::refusal(const answer& from, std::string_view step) const {
  std::vector<std::string> secrets;
  for (const base::secret& each : settings_.secrets) secrets.push_back(each.reveal());
  return vendor_error(settings_.name + std::string(step), from.whole(), vendor_.words(from), secrets);
}

// The longest of the zones listed for a candidate that holds the name; an empty name when none does.
base::awaitable<base::result<hosted_zone>> vendor_session::choose(std::string fqdn, std::string candidate) {
  hosted_zone best;
  std::string cursor;
  for (int pages = 0; pages < pages_max; ++pages) {
    request wanted = vendor_.zones(candidate, cursor);
    auto answered = co_await ask(std::move(wanted));
    if (!answered) co_return answered.error();
    if (vendor_.judge(*answered) == outcome::absent) break;
    auto list = vendor_.read_zones(*answered, candidate);
    if (!list) co_return list.error().at(settings_.name + ": zones");
    for (hosted_zone& each : list->items) {
      each.name = zone_name(each.name);
      if (base::is_in_zone(fqdn, each.name) && each.name.size() > best.name.size()) best = std::move(each);
    }
    if (list->next.empty() || list->next == cursor) break;
    cursor = list->next;
  }
  co_return best;
}

base::awaitable<base::result<hosted_zone>> vendor_session::look_up(std::string fqdn) {
  const zone_source source = vendor_.zones_from();
  if (source == zone_source::none) co_return hosted_zone{fqdn, fqdn, {}};
  if (source == zone_source::dns) {
    base::result<std::string> name = base::error(base::errc::not_found);
    if (from_.find_zone)
      name = co_await from_.find_zone(fqdn);
    else
      name = co_await from_.resolver.find_zone(fqdn);
    if (!name) co_return name.error().at(settings_.name);
    co_return hosted_zone{*name, *name, {}};
  }
  std::string candidate = source == zone_source::list ? std::string() : fqdn;
  while (true) {
    auto found = co_await choose(fqdn, candidate);
    if (!found || !found->name.empty()) co_return found;
    candidate = std::string(base::parent_name(candidate));
    // A top-level domain is nobody's zone.
    if (candidate.find('.') == std::string::npos) break;
  }
  co_return base::error(base::errc::not_found, settings_.name + ": no zone of the account holds " + fqdn);
}

base::awaitable<base::result<hosted_zone>> vendor_session::find_zone(std::string fqdn) {
  if (const auto known = zones_.find(fqdn); known != zones_.end()) co_return known->second;
  auto found = co_await look_up(fqdn);
  if (found) zones_[fqdn] = *found;
  co_return found;
}

base::awaitable<base::result<void>> vendor_session::settle(hosted_zone zone, answer written) {
  auto next = vendor_.settle(zone, written, nullptr);
  for (int steps = 0; next; ++steps) {
    if (steps == settle_steps_max ||
        settings_.propagation.polling_interval * steps > settings_.propagation.timeout)
      co_return base::error(base::errc::timed_out,
                            settings_.name + ": the vendor did not put the change into effect");
    if (steps > 0) co_await from_.sleep(settings_.propagation.polling_interval);
    auto answered = co_await ask(std::move(*next));
    if (!answered) co_return answered.error();
    next = vendor_.settle(zone, written, &*answered);
  }
  co_return base::result<void>();
}

}  // namespace cardea::dnsproviders
