#include "base/dial.hpp"

#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/error.hpp>

#include <charconv>
#include <memory>
#include <optional>

namespace cardea::base {
namespace {

namespace beast = boost::beast;
using tcp = asio::ip::tcp;
using tcp_stream = beast::basic_stream<tcp, executor>;

// Outlives the coroutine that waits: getaddrinfo cannot be interrupted.
struct lookup {
  explicit lookup(executor where) : resolver(where), timer(where) {}

  tcp_resolver resolver;
  steady_timer timer;
  std::optional<result<endpoints>> answer;
};

void begin(const std::shared_ptr<lookup>& state, const std::string& host, const std::string& port) {
  state->resolver.async_resolve(host, port, [state](error_code ec, const tcp_resolver::results_type& found) {
    if (ec) {
      state->answer.emplace(error(ec));
    } else {
      endpoints list;
      for (const auto& entry : found) list.push_back(entry.endpoint());
      state->answer.emplace(std::move(list));
    }
    state->timer.cancel();
  });
}

std::optional<endpoints> literal(const std::string& host, const std::string& port) {
  error_code ec;
  const auto address = asio::ip::make_address(host, ec);
  std::uint16_t number = 0;
  const auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (ec || failure != std::errc{} || end != port.data() + port.size()) return std::nullopt;
  return endpoints{{address, number}};
}

std::string printed(const tcp::endpoint& peer) {
  const bool bracketed = peer.address().is_v6();
  const std::string address = peer.address().to_string();
  return (bracketed ? "[" + address + "]" : address) + ":" + std::to_string(peer.port());
}

}  // namespace

awaitable<result<endpoints>> resolve(std::string host, std::string port, deadline until) {
  if (auto known = literal(host, port)) co_return std::move(*known);
  const executor where = co_await asio::this_coro::executor;
  const auto state = std::make_shared<lookup>(where);
  state->timer.expires_at(until);
  begin(state, host, port);
  co_await state->timer.async_wait(as_result);
  if (state->answer) co_return std::move(*state->answer);
  const bool expired = std::chrono::steady_clock::now() >= until;
  co_return error(expired ? errc::timed_out : errc::cancelled);
}

awaitable<result<tcp_socket>> connect_first(endpoints candidates, deadline until) {
  const executor where = co_await asio::this_coro::executor;
  error last(errc::not_found, "no address");
  std::string attempts;
  auto left = static_cast<int>(candidates.size());
  for (const tcp::endpoint& peer : candidates) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= until) {
      last = error(errc::timed_out);
      break;
    }
    tcp_stream stream(where);
    stream.expires_at(now + (until - now) / left--);
    auto [ec] = co_await stream.async_connect(peer, as_result);
    if (!ec) co_return stream.release_socket();
    if (ec == asio::error::operation_aborted) co_return error(errc::cancelled);
    last = ec == beast::error::timeout ? error(errc::timed_out) : error(ec);
    attempts += (attempts.empty() ? "" : ", ") + printed(peer) + " " + last.message();
  }
  if (!attempts.empty()) last.context = std::move(attempts);
  co_return last;
}

}  // namespace cardea::base
