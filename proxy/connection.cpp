#include "proxy/connection.hpp"

#include "base/log.hpp"

#include <sys/uio.h>

#include <algorithm>

namespace cardea::proxy {
namespace {

constexpr base::tick_ms draining_handshake_timeout = 1'000;

std::string forwarded_fields(const std::string& address, bool secure, std::uint16_t port) {
  std::string out("X-Forwarded-For: ");
  out += address;
  out += secure ? "\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: " : "\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: ";
  out += std::to_string(port);
  out += "\r\n";
  return out;
}

// Open connections are counted for as long as the coroutine's frame lives.
class open_connection {
 public:
  explicit open_connection(worker_counters& counters) noexcept : counters_(counters) {
    add(counters_.connections_open, 1);
    add(counters_.connections_total, 1);
  }
  open_connection(const open_connection&) = delete;
  open_connection& operator=(const open_connection&) = delete;
  ~open_connection() { add(counters_.connections_open, -1); }

 private:
  worker_counters& counters_;
};

// True when the client and we share a key.
net::task<bool> shake_hands(tls::stream& stream, net::waiter& waiter, const connection_environment& environment,
                            const http::client_info& client, tls::session_facts& facts) {
  tls::ssl_ptr session = environment.tls->make_session(facts);
  if (!session) co_return false;
  stream.start_tls(std::move(session));
  base::tick_ms deadline = environment.loop.now() + environment.handshake_timeout;
  while (true) {
    // Whoever has not begun by now must not use up the grace of those who are served.
    if (environment.session.draining) deadline = std::min(deadline, environment.loop.now() + draining_handshake_timeout);
    const net::io state = stream.handshake();
    if (state == net::io::done) co_return true;
    if (state != net::io::blocked) break;
    if (co_await waiter.wait(deadline) != net::wake::ready) break;
  }
  add(environment.counters.handshakes_failed, 1);
  if (base::log_enabled(base::log_level::debug)) {
    const base::logger log("tls");
    log.debug("handshake failed", {{"client", client.address}, {"reason", stream.failure()}});
  }
  if (stream.got_plain_http()) {
    // They meant http://; say so in the clear (V15).
    static constexpr std::string_view answer =
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 44\r\nConnection: close\r\n\r\n"
        "This port speaks https: use an https:// URL.";
    const iovec piece{const_cast<char*>(answer.data()), answer.size()};
    static_cast<void>(stream.socket().write(&piece, 1));
  }
  co_return false;
}

}  // namespace

net::task<void> serve_connection(net::file_descriptor accepted, base::address peer,
                                 const connection_environment& environment) {
  const open_connection counted(environment.counters);
  net::waiter waiter(environment.loop);
  tls::session_facts facts;  // outlives the session within the stream
  tls::stream stream(environment.loop, environment.resources);
  if (!stream.socket().adopt(std::move(accepted))) co_return;
  stream.socket().events().target = &waiter;

  http::client_info client;
  client.address = peer.host();
  client.secure = environment.tls != nullptr;
  client.forwarded_fields = forwarded_fields(client.address, client.secure, environment.port);
  if (client.secure) {
    const bool secured = co_await shake_hands(stream, waiter, environment, client, facts);
    if (!secured) {
      stream.close();
      co_return;
    }
    client.server_name = facts.server_name;
    client.policy = facts.policy;
    client.forwarded_fields += tls::client_identity_fields(stream.session());
    stream.release_session();
  }
  co_await http1::serve_http1(stream, waiter, client, environment.session);
}

}  // namespace cardea::proxy
