#include "proxy/http1/server_session.hpp"

#include "proxy/http/error_page.hpp"
#include "proxy/http/failure.hpp"
#include "proxy/http1/input.hpp"
#include "proxy/http1/server_exchange.hpp"
#include "proxy/net/frame_pool.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>

namespace cardea::proxy::http1 {
namespace {

// What a request head needs and an idle connection does not: more than 2 KiB.
struct parsing {
  explicit parsing(const head_limits& limits) noexcept : parser(limits) {}
  static void* operator new(std::size_t size) { return net::frame_pool::allocate(size); }
  static void operator delete(void* memory, std::size_t size) noexcept {
    net::frame_pool::release(memory, size);
  }

  request_parser parser;
  http::request_head head;
};

constexpr unsigned requests_in_a_row = 16;
constexpr base::tick_ms rest_after = 250;

enum class head_outcome : std::uint8_t {
  complete,
  refused,
  timed_out,
  idle,  ///< no request began: the client is there and is owed an orderly end
  gone,
};

// Of a request that was not understood: what stands before its first line break.
std::string_view first_line(std::string_view received) noexcept {
  return received.substr(0, received.find_first_of("\r\n"));
}

// Ends after a final answer: says that no more comes, then reads what the
// client still sends, bounded in time and size; closing at once would reset
// the connection and could destroy the answer on its way (RFC 9112 section 9.6).
net::task<void> linger(tls::stream& stream, net::waiter& waiter, const session_environment& environment) {
  const base::tick_ms deadline = waiter.loop().now() + environment.limits.linger_timeout;
  while (stream.flush() == net::io::blocked)
    if (co_await waiter.wait(deadline) != net::wake::ready) co_return;
  stream.shut_down_write();
  net::buffer waste = environment.buffers.take();
  std::size_t read = 0;
  while (read < environment.limits.linger_bytes_max) {
    const net::io_result got = stream.read(waste.data(), net::buffer_pool::buffer_bytes);
    read += got.bytes;
    if (got.state == net::io::done) continue;
    if (got.state != net::io::blocked) co_return;
    if (co_await waiter.wait(deadline) != net::wake::ready) co_return;
  }
}

// Waits for the first byte of a request, holding no buffer meanwhile. Whoever stays away for a
// moment will for longer: what TLS can make anew is put away then.
net::task<bool> await_request(tls::stream& stream, net::waiter& waiter,
                              const session_environment& environment) {
  const base::tick_ms deadline = waiter.loop().now() + environment.limits.keep_alive_timeout;
  base::tick_ms rest_at = waiter.loop().now() + rest_after;
  const net::waiting_line::place here(environment.waiting, waiter);
  while (!stream.can_read() || stream.flush() == net::io::blocked) {
    const base::tick_ms until = environment.draining ? std::min(deadline, environment.idle_until) : deadline;
    const base::tick_ms now = waiter.loop().now();
    if (now >= until || here.dismissed()) co_return false;
    const net::wake woken = co_await waiter.wait(std::min(until, rest_at));
    if (woken == net::wake::stopping) co_return false;
    if (woken == net::wake::ready || waiter.loop().now() < rest_at) continue;
    stream.rest();
    rest_at = base::no_deadline;
  }
  co_return true;
}

// Reads until there is a whole head. The deadline is absolute from the first byte (L01).
net::task<head_outcome> read_head(tls::stream& stream, net::waiter& waiter,
                                  const session_environment& environment, input& in,
                                  std::unique_ptr<parsing>& now) {
  base::tick_ms deadline = base::no_deadline;
  std::optional<net::waiting_line::place> here;
  while (true) {
    if (in.end > 0) {
      const parse_status status = now->parser.parse(in.unread(), now->head);
      if (status == parse_status::done) co_return head_outcome::complete;
      if (status == parse_status::failed) co_return head_outcome::refused;
      if (deadline == base::no_deadline) {
        deadline = waiter.loop().now() + environment.limits.request_head_timeout;
        here.emplace(environment.waiting, waiter);
      }
    }
    while (!stream.can_read()) {
      if (in.end == 0) {
        in.memory.release();
        now.reset();
        const bool begun = co_await await_request(stream, waiter, environment);
        if (!begun) co_return head_outcome::idle;
        continue;
      }
      const net::wake woken = co_await waiter.wait(deadline);
      // There is no room: not for a word of farewell either.
      if (here->dismissed()) co_return head_outcome::gone;
      if (woken == net::wake::timed_out) co_return head_outcome::timed_out;
      if (woken == net::wake::stopping) co_return head_outcome::gone;
    }
    // Whoever has something to say comes before those who have waited longest for their own words (L09).
    while (!in.memory && environment.buffers.bytes_in_use() >= environment.limits.buffer_bytes_max) {
      if (!environment.waiting.dismiss_first()) co_return head_outcome::gone;
      const net::wake woken = co_await waiter.yield();
      if (woken == net::wake::stopping) co_return head_outcome::gone;
    }
    if (!in.memory) in.memory = environment.buffers.take();
    if (!now) now = std::make_unique<parsing>(environment.limits.head);
    const net::io_result got = in.fill(stream, net::buffer_pool::buffer_bytes);
    if (got.state == net::io::ended || got.state == net::io::failed) co_return head_outcome::gone;
  }
}

}  // namespace

net::task<void> refuse(tls::stream& stream, net::waiter& waiter, const session_environment& environment,
                       std::uint16_t status) {
  const std::string page = http::error_page(status);
  std::string answer = "HTTP/1.1 " + std::to_string(status) + " " + std::string(http::reason_phrase(status)) +
                       "\r\nContent-Type: " + std::string(http::error_page_type) +
                       "\r\nContent-Length: " + std::to_string(page.size()) +
                       "\r\nConnection: close\r\n\r\n" + page;
  const std::array<std::string_view, 1> pieces{answer};
  const net::io_result sent = stream.write(pieces);
  if (sent.state == net::io::done) co_await linger(stream, waiter, environment);
}

net::task<void> serve_http1(tls::stream& stream, net::waiter& waiter, const http::client_info& client,
                            const session_environment& environment) {
  input in;
  std::unique_ptr<parsing> now;
  unsigned served_in_a_row = 0;
  const server_exchange::connection connection{
      stream, waiter, environment.buffers, client, environment.limits.chunked, environment.draining};
  while (true) {
    const head_outcome outcome = co_await read_head(stream, waiter, environment, in, now);
    if (outcome == head_outcome::idle) stream.shut_down_write();
    if (outcome == head_outcome::idle || outcome == head_outcome::gone) break;
    if (outcome != head_outcome::complete) {
      const std::uint16_t status = outcome == head_outcome::timed_out ? std::uint16_t{408} : now->parser.why().status;
      environment.handler.refused(client, status, first_line(in.unread()));
      in.memory.release();
      co_await refuse(stream, waiter, environment, status);
      break;
    }
    in.floor = in.begin = now->head.head_bytes;
    server_exchange exchange(connection, in, now->head);
    co_await environment.handler.handle(exchange);
    if (exchange.aborted()) break;
    if (!exchange.reusable()) {
      if (exchange.may_close_now()) stream.end_session();
      in.memory.release();
      if (!exchange.may_close_now()) co_await linger(stream, waiter, environment);
      break;
    }
    in.restart();
    now->parser.reset();
    // A client that never lets us wait gets a share of the loop, not all of it.
    if (in.end > 0 && ++served_in_a_row % requests_in_a_row == 0) {
      if (co_await waiter.yield() == net::wake::stopping) break;
    }
  }
  stream.close();
}

}  // namespace cardea::proxy::http1
