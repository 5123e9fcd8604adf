#include "dnsproviders/vendor_call.hpp"

#include "base/retry_after.hpp"

#include <algorithm>

namespace cardea::dnsproviders {
namespace {

constexpr int tries_max = 4;
constexpr std::chrono::milliseconds first_pause{1'000};
constexpr std::chrono::milliseconds pause_max{30'000};
constexpr std::size_t words_bytes_max = 300;

std::chrono::milliseconds wish_of(const base::fetch_response& answer, base::wall_time now,
                                  std::chrono::milliseconds otherwise) {
  const auto asked = base::parse_retry_after(answer.header("Retry-After"), now);
  return asked ? std::min<std::chrono::milliseconds>(*asked, pause_max) : otherwise;
}

}  // namespace

base::awaitable<base::result<base::fetch_response>> vendor_call(
    services with, base::fetch_request request, std::function<void(base::fetch_request&)> authorize) {
  const bool repeatable = request.method == "GET" || request.method == "DELETE";
  const auto cancellation = co_await base::asio::this_coro::cancellation_state;
  // Clean-up after a withdrawal runs in a coroutine that was cancelled before.
  const auto already = cancellation.cancelled();
  std::chrono::milliseconds pause = first_pause;
  for (int attempt = 1;; ++attempt) {
    base::fetch_request copy = request;
    if (authorize) authorize(copy);
    auto answer = co_await with.fetch(std::move(copy));
    const bool again =
        answer ? answer->status == 429 || (repeatable && (answer->status == 408 || answer->status >= 500))
               : repeatable && answer.error().code != base::errc::cancelled;
    if (!again || attempt == tries_max) co_return answer;
    const std::chrono::milliseconds wait = answer ? wish_of(*answer, with.now(), pause) : pause;
    co_await with.sleep(wait);
    if (cancellation.cancelled() != already) co_return base::error(base::errc::cancelled, "withdrawn");
    pause = std::min(pause * 2, pause_max);
  }
}

base::error vendor_error(std::string_view provider, const base::fetch_response& answer,
                         std::string_view words, const std::vector<std::string>& secrets) {
  std::string text(words);
  for (const std::string& secret : secrets) {
    for (std::size_t at = text.find(secret); !secret.empty() && at != std::string::npos;
         at = text.find(secret, at))
      text.replace(at, secret.size(), base::secret::printed());
  }
  text.resize(std::min(text.size(), words_bytes_max));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  std::string sentence = std::string(provider) + ": the vendor answered " + std::to_string(answer.status);
  if (!text.empty()) sentence += ": " + text;
  return {base::errc::protocol, sentence};
}

std::string join_url(std::string_view base, std::string_view path) {
  std::string_view query;
  if (const auto mark = base.find('?'); mark != std::string_view::npos) {
    query = base.substr(mark);
    base = base.substr(0, mark);
  }
  while (base.ends_with('/')) base.remove_suffix(1);
  return std::string(base) + std::string(path) + std::string(query);
}

}  // namespace cardea::dnsproviders
