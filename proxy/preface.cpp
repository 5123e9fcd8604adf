#include "proxy/preface.hpp"

#include "proxy/net/proxy_protocol.hpp"
#include "proxy/tls/raw_hello.hpp"

#include <algorithm>

namespace cardea::proxy {
namespace {

using config::proxy_protocol_mode;
using state = net::proxy_header::state;

constexpr base::tick_ms draining_timeout = 1'000;

bool is_trusted(const config::proxy_protocol_section& section, const base::address& peer) noexcept {
  return std::any_of(section.trusted_proxies.begin(), section.trusted_proxies.end(),
                     [&](const base::address_range& each) { return each.contains(peer); });
}

// What the bytes decide; `absent` only where a header may be missing.
struct verdict {
  net::proxy_header header;
  std::string_view refusal = {};
};

verdict judge(std::string_view received, const preface_policy& policy) noexcept {
  verdict out{net::parse_proxy_header(received, policy.proxy_header_bytes_max)};
  if (out.header.found == state::malformed)
    out.refusal = out.header.reason;
  else if (out.header.found == state::absent && policy.proxy_protocol.mode != proxy_protocol_mode::anybody)
    out.refusal = "no PROXY header from a trusted proxy";
  return out;
}

// The bytes were seen by a peek just now, so they are there.
bool drop(net::socket& socket, char* scratch, std::size_t bytes) noexcept {
  std::size_t dropped = 0;
  while (dropped < bytes) {
    const net::io_result got = socket.read(scratch, bytes - dropped);
    if (got.state != net::io::done) return false;
    dropped += got.bytes;
  }
  // What stands behind the header was announced by the edges that announced the header.
  socket.events().readable = true;
  return true;
}

}  // namespace

base::tick_ms first_bytes_deadline::next() noexcept {
  if (draining_) deadline_ = std::min(deadline_, loop_.now() + draining_timeout);
  return deadline_;
}

net::task<std::optional<arrival>> receive_arrival(net::socket& socket, net::waiter& waiter, base::address peer,
                                                  const preface_policy& policy, net::buffer_pool& buffers,
                                                  first_bytes_deadline& deadline, std::string_view& refusal) {
  const proxy_protocol_mode mode = policy.proxy_protocol.mode;
  if (mode == proxy_protocol_mode::disabled) co_return arrival{peer};
  if (mode != proxy_protocol_mode::anybody && !is_trusted(policy.proxy_protocol, peer)) {
    if (mode == proxy_protocol_mode::mixed) co_return arrival{peer};
    refusal = "not a trusted proxy";
    co_return std::nullopt;
  }
  std::size_t needed = 1;
  while (true) {
    if (socket.events().readable) {
      net::buffer memory = buffers.take();
      const net::io_result seen = socket.peek(memory.data(), policy.proxy_header_bytes_max);
      if (seen.state == net::io::ended || seen.state == net::io::failed) {
        refusal = "ended before its PROXY header";
        co_return std::nullopt;
      }
      if (seen.state == net::io::blocked) continue;
      const verdict found = judge({memory.data(), seen.bytes}, policy);
      if (!found.refusal.empty()) {
        refusal = found.refusal;
        co_return std::nullopt;
      }
      if (found.header.found != state::need_more) {
        if (needed > 1) socket.wake_from(1);
        if (!drop(socket, memory.data(), found.header.bytes)) co_return std::nullopt;
        co_return arrival{found.header.source.value_or(peer), found.header.destination};
      }
      if (socket.events().hangup) {  // no further edge will come
        refusal = "ended before its PROXY header";
        co_return std::nullopt;
      }
      needed = found.header.bytes;
      socket.events().readable = false;
      socket.wake_from(needed);
    }
    const net::wake woken = co_await waiter.wait(deadline.next());
    if (woken == net::wake::ready) continue;
    refusal = "no PROXY header in time";
    co_return std::nullopt;
  }
}

net::task<hello_outcome> peek_server_name(net::socket& socket, net::waiter& waiter, net::buffer_pool& buffers,
                                          std::size_t bytes_max, const net::waiting_line::place& here,
                                          first_bytes_deadline& deadline) {
  using hello_state = tls::raw_hello::state;
  std::size_t needed = 1;
  while (!here.dismissed()) {
    if (socket.events().readable) {
      net::buffer memory = buffers.take();
      const std::size_t room = std::min(bytes_max, net::buffer_pool::buffer_bytes);
      const net::io_result seen = socket.peek(memory.data(), room);
      if (seen.state == net::io::ended || seen.state == net::io::failed) co_return hello_outcome{};
      if (seen.state == net::io::done) {
        const tls::raw_hello hello = tls::read_raw_hello({memory.data(), seen.bytes});
        const bool is_decided = hello.seen != hello_state::need_more || hello.bytes > room;
        if (is_decided && needed > 1) socket.wake_from(1);
        if (is_decided) co_return hello_outcome{true, hello.server_name};
        if (socket.events().hangup) co_return hello_outcome{};  // no further edge will come
        needed = hello.bytes;
        socket.events().readable = false;
        // Woken for a single byte at a time, a hello in tiny segments would be copied again and again.
        socket.wake_from(needed);
      }
    }
    const net::wake woken = co_await waiter.wait(deadline.next());
    if (woken != net::wake::ready) break;
  }
  co_return hello_outcome{};
}

}  // namespace cardea::proxy
