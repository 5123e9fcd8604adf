#include "proxy/challenge_gate.hpp"

#include "base/log.hpp"
#include "proxy/http/authority.hpp"
#include "proxy/http/error_page.hpp"

namespace cardea::proxy {
namespace {

constexpr std::string_view prefix = "/.well-known/acme-challenge/";

const std::string* find(const base::pending_challenges& pending, const http::exchange& request) noexcept {
  const http::request_head& head = request.head();
  const std::string_view path = head.path.in(request.bytes());
  if (!path.starts_with(prefix)) return nullptr;
  const std::string_view method = head.method.in(request.bytes());
  if (method != "GET" && method != "HEAD") return nullptr;
  return pending.find_http01(http::host_of(head.host.in(request.bytes())), path.substr(prefix.size()));
}

// `kept` holds what `answer` points into.
net::task<void> give(http::exchange& request, [[maybe_unused]] base::challenge_snapshot kept,
                     const std::string& answer) {
  const base::logger log("http01");
  log.debug("answering a CA", {{"client", request.client().address}});
  co_await http::respond(request, 200, "application/octet-stream", answer);
}

}  // namespace

// No coroutine of its own: a request that is none of ours costs a comparison.
net::task<void> challenge_gate::handle(http::exchange& request) {
  if (pending_ == nullptr) return next_.handle(request);
  const std::string* const answer = find(*pending_, request);
  if (answer == nullptr) return next_.handle(request);
  return give(request, pending_, *answer);
}

}  // namespace cardea::proxy
