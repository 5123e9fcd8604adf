#include "proxy/health/monitor.hpp"

#include <algorithm>
#include <utility>

namespace cardea::proxy::health {
namespace {

// So that a start with many backends is no burst.
constexpr std::chrono::milliseconds first_delay_max{500};

// Several backends as one: healthy while one is, in GoDoxy's words.
backend_health together(const route_health& route) {
  backend_health out;
  out.name = route.alias;
  std::size_t good = 0;
  std::size_t known = 0;
  for (const backend_health& each : route.backends) {
    if (each.status != health_status::unknown) ++known;
    if (each.status != health_status::healthy) continue;
    ++good;
    out.uptime = std::max(out.uptime, each.uptime);
    out.latency += each.latency;
  }
  if (good > 0) out.latency /= static_cast<std::int64_t>(good);
  if (good > 0)
    out.status = health_status::healthy;
  else if (known > 0)
    out.status = health_status::unhealthy;
  if (known > 0)
    out.detail = std::to_string(good) + "/" + std::to_string(route.backends.size()) + " servers are healthy";
  return out;
}

}  // namespace

struct monitor::watched {
  watched(base::executor where, target what)
      : at(std::move(what)), judged(at.plan.failures_max), pause(where) {}

  target at;
  verdict judged;
  base::steady_timer pause;
  bool ended = false;
};

monitor::monitor(environment outside)
    : outside_(std::move(outside)),
      log_("health"),
      tasks_(outside_.where, log_),
      random_(std::random_device{}()) {}

monitor::~monitor() = default;

void monitor::watch(const std::vector<config::route_section>& routes) {
  if (stopping_) return;
  std::vector<std::shared_ptr<watched>> next;
  for (target& each : targets_of(routes)) {
    const auto same = std::find_if(all_.begin(), all_.end(),
                                   [&](const auto& one) { return one && one->at == each; });
    if (same != all_.end()) {
      next.push_back(std::move(*same));
      continue;
    }
    next.push_back(std::make_shared<watched>(outside_.where, std::move(each)));
    if (next.back()->at.plan.enabled) tasks_.spawn(check(next.back()));
  }
  for (const auto& each : all_) {
    if (!each) continue;
    each->ended = true;
    each->pause.cancel();
  }
  all_ = std::move(next);
  publish();
}

void monitor::stop() {
  stopping_ = true;
  for (const auto& each : all_) each->ended = true;
  tasks_.cancel();
}

// Give or take a tenth: checks of many must not stay in step.
std::chrono::steady_clock::duration monitor::about(std::chrono::milliseconds interval) {
  std::uniform_int_distribution<std::int64_t> permille(900, 1'100);
  return interval * permille(random_) / 1'000;
}

base::awaitable<void> monitor::check(std::shared_ptr<watched> each) {
  std::uniform_int_distribution<std::int64_t> first(0, std::min(first_delay_max, each->at.plan.interval).count());
  std::chrono::steady_clock::duration delay = std::chrono::milliseconds(first(random_));
  while (!each->ended) {
    each->pause.expires_after(delay);
    co_await each->pause.async_wait(base::as_result);
    if (each->ended) co_return;
    const auto begin = std::chrono::steady_clock::now();
    target at = each->at;
    const finding found = co_await outside_.probe(std::move(at));
    const auto end = std::chrono::steady_clock::now();
    if (each->ended) co_return;
    if (each->judged.note(found, end - begin, end)) {
      tell(*each, found);
      publish();
    }
    delay = about(each->at.plan.interval);
  }
}

void monitor::tell(const watched& about, const finding& found) const {
  if (found.good)
    log_.info("backend is up", {{"route", about.at.route}, {"backend", about.at.name()}});
  else
    log_.warn("backend is down",
              {{"route", about.at.route}, {"backend", about.at.name()}, {"reason", found.detail}});
}

void monitor::publish() const {
  if (stopping_) return;
  auto view = std::make_shared<upstream::health_view>();
  for (const auto& each : all_)
    if (each->judged.status() == health_status::unhealthy) view->down.insert(each->at.key());
  outside_.publish(std::move(view));
}

std::vector<route_health> monitor::health() const {
  const auto now = std::chrono::steady_clock::now();
  std::vector<route_health> out;
  for (const auto& each : all_) {
    if (out.empty() || out.back().alias != each->at.route) out.push_back({each->at.route, {}, {}});
    out.back().backends.push_back(each->judged.view(each->at.name(), now));
  }
  for (route_health& route : out)
    route.whole = route.backends.size() == 1 ? route.backends.front() : together(route);
  return out;
}

}  // namespace cardea::proxy::health
