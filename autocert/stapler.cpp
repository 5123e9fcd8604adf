#include "autocert/stapler.hpp"

#include "autocert/ocsp.hpp"
#include "autocert/renewal.hpp"
#include "base/atomic_file.hpp"
#include "base/rfc3339.hpp"

#include <fmt/format.h>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>

namespace cardea::autocert {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds retry_min = 1min;
constexpr std::chrono::seconds retry_max = 1h;
constexpr std::chrono::milliseconds answer_timeout = 15s;
constexpr unsigned file_mode = 0644;

}  // namespace

stapler::stapler(std::string cert_path, const environment& outside, base::logger log,
                 std::function<void()> changed, std::function<void(const base::certificate&)> revoked)
    : path_(std::move(cert_path) + ".ocsp"),
      outside_(outside),
      log_(std::move(log)),
      changed_(std::move(changed)),
      revoked_(std::move(revoked)),
      wake_(outside.executor, base::steady_timer::time_point::max()) {}

void stapler::follow(base::certificate_ptr certificate) {
  if (certificate == followed_) return;
  followed_ = std::move(certificate);
  served_ = followed_;
  responder_ = followed_ && outside_.fetch ? ocsp::responder_of(*followed_) : std::string();
  ask_at_ = {};
  failures_in_row_ = 0;
  wake_.cancel();
  if (responder_.empty()) return;
  if (auto kept = base::read_file(path_, ocsp::response_bytes_max)) take(std::move(*kept), true);
}

// What does not hold, is about the certificate before this one, or not good, is asked for anew.
void stapler::take(std::string der, bool is_from_disk) {
  const base::wall_time now = outside_.clock();
  const auto checked = ocsp::check_response(der, *followed_, now);
  if (!checked && !is_from_disk) return fail(checked.error().message());
  if (!checked || (is_from_disk && checked->says != ocsp::verdict::good)) return;
  failures_in_row_ = 0;
  ask_at_ =
      std::max(checked->this_update + (checked->next_update - checked->this_update) / 2, now + retry_min);
  if (checked->says == ocsp::verdict::revoked) {
    log_.error("the CA has revoked the certificate",
               {{"remedy", "find out why; Cardea orders another one, unless the files are of somebody else"},
                {"responder", responder_}});
    drop();
    return revoked_(*followed_);
  }
  if (!is_from_disk) {
    if (const auto saved = base::write_file_atomically(path_, der, file_mode, *outside_.files); !saved)
      log_.warn("the CA's response could not be stored", {{"error", saved.error().message()}});
    log_.debug("the CA vouches for the certificate", {{"until", base::to_rfc3339(checked->next_update)}});
  }
  served_ = followed_->with_staple(
      std::make_shared<const base::ocsp_staple>(base::ocsp_staple{std::move(der), checked->next_update}));
  if (!is_from_disk) changed_();
}

// Said once: a CA whose responder is away for a night is no night of warnings.
void stapler::fail(std::string_view why) {
  const auto wait =
      std::min<std::chrono::seconds>(retry_min * (1U << std::min(failures_in_row_, 6U)), retry_max);
  ask_at_ = outside_.clock() + wait;
  if (failures_in_row_++ == 0)
    log_.warn("no response to staple, handshakes go on without a new one",
              {{"responder", responder_}, {"reason", why}});
  else
    log_.debug("still no response to staple", {{"reason", why}});
}

void stapler::drop() {
  if (served_ == followed_) return;
  served_ = followed_;
  changed_();
}

base::awaitable<void> stapler::ask() {
  const base::certificate_ptr about = followed_;
  auto request = ocsp::make_request(*about);
  if (!request) {
    fail(request.error().message());
    co_return;
  }
  base::fetch_request question{.method = "POST", .url = responder_};
  question.headers.push_back({"Content-Type", "application/ocsp-request"});
  question.headers.push_back({"Accept", "application/ocsp-response"});
  question.body = std::move(*request);
  question.timeout = answer_timeout;
  question.body_bytes_max = ocsp::response_bytes_max;
  auto answer = co_await outside_.fetch(std::move(question));
  if (about != followed_) co_return;  // replaced meanwhile
  if (!answer)
    fail(answer.error().message());
  else if (answer->status != 200)
    fail(fmt::format("the responder answers with status {}", answer->status));
  else
    take(std::move(answer->body), false);
}

base::awaitable<void> stapler::keep_fresh() {
  const auto cancellation = co_await base::asio::this_coro::cancellation_state;
  while (cancellation.cancelled() == base::asio::cancellation_type::none) {
    if (!responder_.empty()) {
      const base::wall_time now = outside_.clock();
      if (served_ != followed_ && served_->staple()->until <= now) drop();
      if (ask_at_ <= now) co_await ask();
    }
    if (cancellation.cancelled() != base::asio::cancellation_type::none) co_return;
    co_await pause();
  }
}

base::awaitable<void> stapler::pause() {
  using base::asio::experimental::awaitable_operators::operator||;
  auto called = woken();
  if (responder_.empty()) {
    co_await std::move(called);
    co_return;
  }
  base::wall_time next = ask_at_;
  if (served_ != followed_) next = std::min(next, served_->staple()->until);
  auto elapsed = outside_.sleep(pause_until(next, outside_.clock()));
  auto either = std::move(elapsed) || std::move(called);
  co_await std::move(either);
}

base::awaitable<void> stapler::woken() { co_await wake_.async_wait(base::as_result); }

}  // namespace cardea::autocert
