#include "autocert/acme/transport.hpp"

#include "autocert/acme/problem.hpp"

#include <algorithm>

namespace cardea::autocert::acme {
namespace {

constexpr std::chrono::milliseconds first_pause{500};

}  // namespace

transport::transport(std::string directory_url, base::fetch fetch, base::wall_clock clock,
                     sleep_function sleep)
    : transport(std::move(directory_url), std::move(fetch), std::move(clock), std::move(sleep), limits{}) {}

transport::transport(std::string directory_url, base::fetch fetch, base::wall_clock clock,
                     sleep_function sleep, limits bounds)
    : directory_url_(std::move(directory_url)),
      fetch_(std::move(fetch)),
      clock_(std::move(clock)),
      sleep_(std::move(sleep)),
      limits_(bounds),
      budget_(bounds.budget) {}

std::optional<std::chrono::milliseconds> transport::pause_before_retry(
    const base::result<base::fetch_response>& answer, int tries) const {
  if (tries >= limits_.network_tries_max) return std::nullopt;
  const std::chrono::milliseconds pause = first_pause * (1 << (tries - 1));
  if (!answer) {
    if (answer.error().code == base::errc::cancelled) return std::nullopt;
    return pause;
  }
  if (answer->status < 500) return std::nullopt;
  const auto asked = parse_retry_after(answer->header("Retry-After"), clock_());
  if (!asked) return pause;
  if (*asked > limits_.busy_wait_max) return std::nullopt;
  return std::max<std::chrono::milliseconds>(pause, *asked);
}

problem transport::problem_in(const base::fetch_response& answer) const {
  problem out = parse_problem(answer.body, answer.status);
  out.retry_after = parse_retry_after(answer.header("Retry-After"), clock_());
  return out;
}

base::awaitable<base::result<base::fetch_response>> transport::exchange(base::fetch_request request) {
  const auto cancellation = co_await base::asio::this_coro::cancellation_state;
  for (int tries = 1;; ++tries) {
    if (cancellation.cancelled() != base::asio::cancellation_type::none)
      co_return base::error(base::errc::cancelled, "withdrawn");
    std::string address = request.url;
    co_await wait_for_turn(std::move(address));
    base::fetch_request copy = request;
    auto answer = co_await fetch_(std::move(copy));
    const auto pause = pause_before_retry(answer, tries);
    if (!pause) co_return answer;
    co_await sleep_(*pause);
  }
}

base::awaitable<void> transport::wait_for_turn(std::string url) {
  request_budget::kind kind = request_budget::kind::other;
  if (directory_ && url == directory_->new_nonce) kind = request_budget::kind::new_nonce;
  if (directory_ && url == directory_->new_account) kind = request_budget::kind::new_account;
  if (directory_ && url == directory_->new_order) kind = request_budget::kind::new_order;
  const auto pause = budget_.take(kind, clock_());
  if (pause.count() > 0) co_await sleep_(pause);
}

base::awaitable<base::result<base::fetch_response>> transport::send(base::fetch_request request) {
  auto answer = co_await exchange(std::move(request));
  co_return answer;
}

base::awaitable<base::result<base::fetch_response>> transport::fetch_directory() {
  std::string url = directory_url_;
  for (int redirects = 0;; ++redirects) {
    base::fetch_request request;
    request.url = url;
    auto answer = co_await exchange(std::move(request));
    const bool is_redirect = answer && answer->status >= 301 && answer->status <= 308 &&
                             answer->status != 304 && !answer->header("Location").empty();
    if (!is_redirect) co_return answer;
    std::string next(answer->header("Location"));
    if (next.starts_with('/') && !next.starts_with("//"))
      next = url.substr(0, url.find('/', url.find("//") + 2)) + next;
    if (redirects == limits_.redirects_max) co_return base::error(base::errc::protocol, "too many redirects");
    if (!next.starts_with("https://"))
      co_return base::error(base::errc::protocol, "a redirect that does not lead to an https:// address");
    url = std::move(next);
  }
}

base::awaitable<base::result<directory>> transport::find_directory() {
  if (directory_ && clock_() - directory_since_ < limits_.directory_age_max) co_return *directory_;
  unsigned_refusal_.reset();
  auto answer = co_await fetch_directory();
  if (!answer) {
    base::error why = answer.error().at("directory " + directory_url_);
    why.context += "; check ca_dir_url and that the CA can be reached from here";
    co_return why;
  }
  if (answer->status != 200) {
    unsigned_refusal_ = problem_in(*answer);
    co_return error_from(*unsigned_refusal_).at("directory");
  }
  auto parsed = parse_directory(answer->body);
  if (parsed) {
    directory_ = *parsed;
    directory_since_ = clock_();
  }
  co_return parsed;
}

base::awaitable<base::result<base::fetch_response>> transport::get(std::string url) {
  base::fetch_request request;
  request.url = std::move(url);
  auto answer = co_await exchange(std::move(request));
  if (!answer || answer->status == 200) co_return answer;
  const problem refused = problem_in(*answer);
  co_return error_from(refused);
}

void transport::keep_nonce(const base::fetch_response& from) {
  const std::string_view nonce = from.header("Replay-Nonce");
  if (nonce.empty()) return;
  if (nonces_.size() == limits_.nonces_max) nonces_.pop_front();
  nonces_.push_back({std::string(nonce), clock_()});
}

base::awaitable<base::result<std::string>> transport::take_nonce() {
  while (!nonces_.empty()) {
    kept_nonce last = std::move(nonces_.back());
    nonces_.pop_back();
    if (clock_() - last.since < limits_.nonce_age_max) co_return std::move(last.value);
    nonces_.clear();  // the others are older still
  }
  const auto where = co_await find_directory();
  if (!where) co_return where.error();
  base::fetch_request request;
  request.method = "HEAD";
  request.url = where->new_nonce;
  const auto answer = co_await exchange(std::move(request));
  if (!answer) co_return answer.error().at("new nonce");
  const std::string_view nonce = answer->header("Replay-Nonce");
  if (nonce.empty() && answer->status >= 400) {
    unsigned_refusal_ = problem_in(*answer);
    co_return error_from(*unsigned_refusal_).at("new nonce");
  }
  if (nonce.empty()) co_return base::error(errc::malformed_answer, "the CA gave no nonce");
  co_return std::string(nonce);
}

base::awaitable<base::result<base::fetch_response>> transport::post(signer by, std::string url,
                                                                    std::string payload) {
  auto asked = co_await ask(std::move(by), std::move(url), std::move(payload));
  co_return std::move(asked.answer);
}

base::awaitable<transport::outcome> transport::ask(signer by, std::string url, std::string payload) {
  const auto cancellation = co_await base::asio::this_coro::cancellation_state;
  const base::error withdrawn(base::errc::cancelled, "withdrawn");
  int tries = 1;
  int refused_nonces = 0;
  while (true) {
    std::string address = url;
    co_await wait_for_turn(std::move(address));
    if (cancellation.cancelled() != base::asio::cancellation_type::none)
      co_return outcome{withdrawn, std::nullopt};
    unsigned_refusal_.reset();
    const auto nonce = co_await take_nonce();
    if (!nonce) co_return outcome{nonce.error(), unsigned_refusal_};
    auto body = make_jws(by, url, *nonce, payload);
    if (!body) co_return outcome{body.error(), std::nullopt};
    base::fetch_request request;
    request.method = "POST";
    request.url = url;
    request.headers.push_back({"Content-Type", "application/jose+json"});
    request.body = std::move(*body);
    auto answer = co_await fetch_(std::move(request));
    // An error's nonce is good too, and the one to use after badNonce (B20).
    if (answer) keep_nonce(*answer);
    if (const auto pause = pause_before_retry(answer, tries)) {
      ++tries;
      co_await sleep_(*pause);
      continue;
    }
    if (!answer || (answer->status >= 200 && answer->status < 300))
      co_return outcome{std::move(answer), std::nullopt};
    problem refused = problem_in(*answer);
    if (refused.type != "badNonce" || ++refused_nonces == limits_.nonce_tries_max) {
      const base::error why = error_from(refused);
      co_return outcome{why, std::move(refused)};
    }
  }
}

}  // namespace cardea::autocert::acme
