#include "autocert/notifications/notifier.hpp"

#include "autocert/notifications/message.hpp"
#include "base/retry_after.hpp"

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <deque>
#include <utility>

namespace cardea::autocert::notifications {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_pause{1'000};
constexpr milliseconds pause_max = std::chrono::minutes(5);
constexpr int doublings_max = 9;  // 512 s, beyond the maximum
constexpr int jitter_percent = 10;

bool is_delivered(int status) { return status == 200 || status == 201 || status == 202 || status == 204; }

// Who says that the request itself is wrong says so again.
bool is_final(int status) { return status >= 400 && status < 500 && status != 408 && status != 429; }

}  // namespace

struct notifier::service {
  config::notification_section settings;
  std::deque<notice> waiting;
  bool is_busy = false;
};

int retries_max(severity level) noexcept {
  switch (level) {
    case severity::info:
      return 1;
    case severity::warn:
      return 3;
    case severity::error:
      return 5;
  }
  return 1;
}

milliseconds pause_before_retry(int nth) noexcept {
  const int doublings = std::clamp(nth - 1, 0, doublings_max);
  return std::min(first_pause * (1 << doublings), pause_max);
}

notifier::notifier(base::executor where, base::fetch fetch, sleep_function sleep)
    : fetch_(std::move(fetch)),
      sleep_(std::move(sleep)),
      log_("notifications"),
      random_(std::random_device{}()),
      tasks_(where, log_) {}

void notifier::use(const std::vector<config::notification_section>& services) {
  services_.clear();
  for (const config::notification_section& each : services)
    services_.push_back(std::make_shared<service>(service{each, {}, false}));
}

void notifier::send(const notice& what) {
  if (stopped_) return;
  for (const auto& each : services_) {
    if (each->waiting.size() == queue_max) {
      log_.warn("a notification was dropped: too many wait for the service",
                {{"service", each->settings.name}, {"title", each->waiting.front().title}});
      each->waiting.pop_front();
    }
    each->waiting.push_back(what);
    if (std::exchange(each->is_busy, true)) continue;
    auto work = deliver_all(each);
    tasks_.spawn(std::move(work));
  }
}

void notifier::stop() {
  stopped_ = true;
  tasks_.cancel();
}

base::awaitable<void> notifier::join() { co_await tasks_.join(); }

base::awaitable<void> notifier::deliver_all(std::shared_ptr<service> to) {
  // Whoever sends is never made to wait for as much as the making of a request.
  const base::executor where = co_await base::asio::this_coro::executor;
  co_await base::asio::post(where, base::use_awaitable);
  while (!to->waiting.empty() && !stopped_) {
    notice next = std::move(to->waiting.front());
    to->waiting.pop_front();
    std::shared_ptr<service> same = to;
    auto work = deliver(std::move(same), std::move(next));
    co_await std::move(work);
  }
  for (const notice& each : to->waiting)
    log_.warn("a notification was not delivered before the end",
              {{"service", to->settings.name}, {"title", each.title}});
  to->waiting.clear();
  to->is_busy = false;
}

base::awaitable<void> notifier::deliver(std::shared_ptr<service> to, notice what) {
  const base::logger log = log_.with({"service", to->settings.name});
  for (int tries = 1; !stopped_; ++tries) {
    base::fetch_request request = message_for(to->settings, what);
    const auto answer = co_await fetch_(std::move(request));
    if (answer && is_delivered(answer->status)) {
      log.debug("notification delivered", {{"title", what.title}});
      co_return;
    }
    const std::string why = answer ? fmt::format("it answered {}", answer->status) : answer.error().message();
    if (stopped_ || tries > retries_max(what.level) || (answer && is_final(answer->status))) {
      log.warn("a notification could not be delivered",
               {{"title", what.title}, {"error", why}, {"tries", tries}});
      co_return;
    }
    log.debug("a notification is tried again", {{"title", what.title}, {"error", why}});
    milliseconds pause = jittered(pause_before_retry(tries));
    if (answer) {
      const auto asked =
          base::parse_retry_after(answer->header("Retry-After"), std::chrono::system_clock::now());
      if (asked) pause = std::clamp<milliseconds>(*asked, pause, pause_max);
    }
    co_await sleep_(pause);
  }
}

milliseconds notifier::jittered(milliseconds pause) {
  const auto percent = std::uniform_int_distribution<int>(-jitter_percent, jitter_percent)(random_);
  return pause + pause * percent / 100;
}

}  // namespace cardea::autocert::notifications
