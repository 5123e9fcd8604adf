#include "proxy/connection.hpp"

#include "base/log.hpp"

#include <sys/uio.h>

namespace cardea::proxy {
namespace {

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

// Floods come from many at once: they are counted, and told of at debug only.
void tell_flood(const connection_environment& environment, const http::client_info& client) {
  add(environment.counters.http2_floods, 1);
  if (!base::log_enabled(base::log_level::debug)) return;
  const base::logger log("proxy");
  log.debug("an HTTP/2 connection was ended for a flood", {{"client", client.address}});
}

// True when the client and we share a key.
net::task<bool> shake_hands(tls::stream& stream, net::waiter& waiter, const connection_environment& environment,
                            const std::string& client, tls::session_facts& facts, first_bytes_deadline& deadline) {
  facts.socket = &stream.socket();
  tls::ssl_ptr session = environment.tls->make_session(facts);
  if (!session) co_return false;
  stream.start_tls(std::move(session));
  // One that takes its time has had more of it than those who came after.
  if (environment.handshakes.size() >= environment.handshakes_max) environment.handshakes.dismiss_first();
  const net::waiting_line::place here(environment.handshakes, waiter);
  while (!here.dismissed()) {
    const net::io state = stream.handshake();
    if (state == net::io::done) co_return true;
    if (state != net::io::blocked) break;
    if (co_await waiter.wait(deadline.next()) != net::wake::ready) break;
  }
  add(environment.counters.handshakes_failed, 1);
  if (base::log_enabled(base::log_level::debug)) {
    const base::logger log("tls");
    log.debug("handshake failed", {{"client", client}, {"reason", stream.failure()}});
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

// Where the connection comes from; nothing when it is not taken.
net::task<std::optional<arrival>> welcome(tls::stream& stream, net::waiter& waiter, base::address peer,
                                          const connection_environment& environment,
                                          first_bytes_deadline& deadline) {
  const std::shared_ptr<const preface_policy> policy = environment.preface;
  std::string_view refusal;
  std::optional<arrival> out = co_await receive_arrival(stream.socket(), waiter, peer, *policy,
                                                        environment.session.buffers, deadline, refusal);
  if (out) co_return out;
  add(environment.counters.connections_refused, 1);
  if (base::log_enabled(base::log_level::debug)) {
    const base::logger log("proxy_protocol");
    log.debug("connection refused", {{"peer", peer.host()}, {"reason", refusal}});
  }
  co_return std::nullopt;
}

// One that takes its time counts among the handshakes that are not finished.
net::task<hello_outcome> look_for_name(tls::stream& stream, net::waiter& waiter,
                                       const connection_environment& environment, first_bytes_deadline& deadline) {
  if (environment.handshakes.size() >= environment.handshakes_max) environment.handshakes.dismiss_first();
  const net::waiting_line::place here(environment.handshakes, waiter);
  co_return co_await peek_server_name(stream.socket(), waiter, environment.session.buffers,
                                      environment.streams.client_hello_bytes_max, here, deadline);
}

// The rest of a connection that is a TCP route's.
net::task<void> pass_on(tls::stream& stream, net::waiter& waiter, arrival from, stream::shared_route route,
                        const connection_environment& environment, tls::session_facts& facts,
                        first_bytes_deadline& deadline) {
  if (route->terminates_tls) {
    const std::string client = from.client.host();
    facts.is_stream = true;
    facts.destination = from.destination ? &*from.destination : nullptr;
    const bool secured = co_await shake_hands(stream, waiter, environment, client, facts, deadline);
    if (!secured || facts.proves_name) {  // a proof for a CA is the handshake and nothing else (B64)
      stream.shut_down_write();
      stream.close();
      co_return;
    }
    stream.release_session();
  }
  const stream::client_ends ends{from.client, from.destination.value_or(stream.socket().local_address())};
  co_await stream::serve_tcp(stream, waiter, ends, std::move(route), environment.streams.tcp);
}

}  // namespace

net::task<void> serve_stream(net::file_descriptor accepted, base::address peer,
                             const connection_environment& environment, stream::shared_route route) {
  const open_connection counted(environment.counters);
  net::waiter waiter(environment.loop);
  tls::session_facts facts;  // outlives the session within the stream
  tls::stream stream(environment.loop, environment.resources);
  if (!stream.socket().adopt(std::move(accepted))) co_return;
  stream.socket().events().target = &waiter;
  first_bytes_deadline deadline(environment.loop, environment.handshake_timeout, environment.session.draining);
  const std::optional<arrival> from = co_await welcome(stream, waiter, peer, environment, deadline);
  if (!from) {
    stream.close();
    co_return;
  }
  const client_census::entry counted_client(environment.census, from->client);
  if (!counted_client.admitted()) {
    add(environment.counters.connections_refused, 1);
    stream.close();
    co_return;
  }
  co_await pass_on(stream, waiter, *from, std::move(route), environment, facts, deadline);
}

net::task<void> serve_connection(net::file_descriptor accepted, base::address peer,
                                 const connection_environment& environment) {
  const open_connection counted(environment.counters);
  net::waiter waiter(environment.loop);
  tls::session_facts facts;  // outlives the session within the stream
  tls::stream stream(environment.loop, environment.resources);
  if (!stream.socket().adopt(std::move(accepted))) co_return;
  stream.socket().events().target = &waiter;

  first_bytes_deadline deadline(environment.loop, environment.handshake_timeout, environment.session.draining);
  const std::optional<arrival> from = co_await welcome(stream, waiter, peer, environment, deadline);
  if (!from) {
    stream.close();
    co_return;
  }
  facts.destination = from->destination ? &*from->destination : nullptr;
  const client_census::entry counted_client(environment.census, from->client);
  if (!counted_client.admitted()) {
    add(environment.counters.connections_refused, 1);
    stream.close();
    co_return;
  }
  if (environment.tls != nullptr && environment.streams.table->has_server_names()) {
    const hello_outcome hello = co_await look_for_name(stream, waiter, environment, deadline);
    if (!hello.alive) {
      add(environment.counters.handshakes_failed, 1);
      stream.close();
      co_return;
    }
    if (stream::shared_route route = environment.streams.table->find_server_name(hello.server_name)) {
      co_await pass_on(stream, waiter, *from, std::move(route), environment, facts, deadline);
      co_return;
    }
  }
  http::client_info client;
  client.address = from->client.host();
  client.port = from->client.port();
  client.secure = environment.tls != nullptr;
  client.forwarded_fields = forwarded_fields(client.address, client.secure, environment.port);
  if (client.secure) {
    const bool secured = co_await shake_hands(stream, waiter, environment, client.address, facts, deadline);
    if (!secured) {
      stream.close();
      co_return;
    }
    if (facts.proves_name) {
      const base::logger log("tls_alpn01");
      log.debug("proved a name to a CA", {{"client", client.address}});
      stream.shut_down_write();
      stream.close();
      co_return;
    }
    client.server_name = facts.server_name;
    client.policy = facts.policy;
    client.forwarded_fields += tls::client_identity_fields(stream.session());
    client.speaks_http2 = tls::chose_http2(stream.session());
    stream.release_session();
  }
  if (client.speaks_http2) {
    const bool calmed = co_await http2::serve_http2(stream, waiter, client, environment.http2);
    if (calmed) tell_flood(environment, client);
    co_return;
  }
  co_await http1::serve_http1(stream, waiter, client, environment.session);
}

}  // namespace cardea::proxy
