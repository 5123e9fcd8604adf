// Goal: on the port of https a TLS server name leads to a TCP route without a byte consumed, and all else to us (V10).
#include "tests/support/proxy_under_test.hpp"

#include <netinet/tcp.h>

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using tests::byte_stream;
using tests::eventually;
using tests::get;
using tests::ok;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::stream_end;
using tests::tls_client;

class server_name : public testing::Test {
 protected:
  server_name()
      : http_origin_(raw_origin::answering(ok("from http"))),
        tls_origin_(
            [](raw_origin::connection& each) {
              each.write("it got " + each.stream().read_until("\n"));
              each.stream().end_writing();
            },
            other_ca_.issue("DNS:db.test")) {}

  void start(config::entrypoint_section section = {}) {
    proxy_ = std::make_unique<proxy_under_test>(http_origin_, std::move(section));
    proxy_->publish_streams({route("db.test"), route("*.wild.test")});
    // The workers took the table up before they answer a question that was posted after it.
    ASSERT_TRUE(eventually([&] { return tls_client(proxy_->port(), {.server_name = "db.test"}).peer_names() == "db.test"; }));
  }
  [[nodiscard]] stream::route route(const std::string& name) const {
    stream::route out;
    out.name = name;
    out.by_server_name = true;
    out.addresses = {base::address::from_parts("127.0.0.1", tls_origin_.port()).value()};
    return out;
  }
  [[nodiscard]] std::string certificate_for(const std::string& name) const {
    return tls_client(proxy_->port(), {.server_name = name}).peer_names();
  }

  const tests::test_ca other_ca_{"other CA"};
  const raw_origin http_origin_;
  const raw_origin tls_origin_;
  std::unique_ptr<proxy_under_test> proxy_;
};

TEST_F(server_name, v10_a_routes_name_shows_the_backends_own_certificate) {
  start();
  for (const char* name : {"db.test", "DB.Test", "any.wild.test"}) EXPECT_EQ(certificate_for(name), "db.test") << name;
  for (const char* name : {"app.test", "x.db.test", "wild.test", "a.b.wild.test", ""})
    EXPECT_EQ(certificate_for(name), "app.test") << name;
  tls_client client(proxy_->port(), {.server_name = "db.test"});
  client.send("a line\n");
  EXPECT_EQ(client.stream().read_to_end(), "it got a line\n");
  EXPECT_EQ(client.stream().end(), stream_end::orderly);
}

TEST_F(server_name, v10_whoever_is_not_a_routes_is_served_as_before) {
  start();
  tls_client client = proxy_->connect();
  EXPECT_EQ(client.ask(get()).body, "from http");
  EXPECT_EQ(client.ask(get()).body, "from http");
  byte_stream plain = byte_stream::connect(proxy_->port());
  plain.write("GET / HTTP/1.1\r\nHost: db.test\r\n\r\n");
  EXPECT_EQ(tests::read_answer(plain).status, 400) << "V15";
}

TEST_F(server_name, v10_a_table_without_names_leads_nowhere_else) {
  start();
  proxy_->publish_streams({});
  EXPECT_TRUE(eventually([&] { return certificate_for("db.test") == "app.test"; }));
}

/// A ClientHello as OpenSSL makes it, for whoever wants to send it in his own way.
std::string hello_for(const char* name) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* session = SSL_new(context);
  SSL_CTX_free(context);
  BIO* out = BIO_new(BIO_s_mem());
  SSL_set_bio(session, BIO_new(BIO_s_mem()), out);
  SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(name));
  SSL_set_connect_state(session);
  SSL_do_handshake(session);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  std::string wire(data, static_cast<std::size_t>(size));
  SSL_free(session);
  return wire;
}

std::string in_records_of(const std::string& hello, std::size_t size) {
  std::string out;
  for (std::size_t at = 5; at < hello.size(); at += size) {
    const std::string piece = hello.substr(at, size);
    out += "\x16\x03\x01"s + static_cast<char>(piece.size() >> 8U) + static_cast<char>(piece.size() & 0xffU) + piece;
  }
  return out;
}

TEST_F(server_name, v10_the_hello_arrives_at_the_route_however_it_was_cut_and_unchanged) {
  const raw_origin recorder([](raw_origin::connection& each) {
    each.record(each.stream().read_bytes(20));
    each.record("|");
    each.record(each.stream().read_to_end());
  });
  start();
  stream::route to = route("db.test");
  to.addresses = {base::address::from_parts("127.0.0.1", recorder.port()).value()};
  proxy_->publish_streams({to});
  const std::string hello = hello_for("db.test");
  for (const std::size_t record : {hello.size(), std::size_t{1}, std::size_t{7}}) {
    const std::string wire = in_records_of(hello, record);
    const int before = recorder.connections();
    ASSERT_TRUE(eventually([&] {
      byte_stream client = byte_stream::connect(proxy_->port());
      const int on = 1;
      setsockopt(client.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      for (std::size_t at = 0; at < wire.size(); at += 100) {
        client.write(wire.substr(at, 100));
        static_cast<void>(client.stays_silent(1ms));
      }
      client.end_writing();
      static_cast<void>(client.read_to_end());
      return recorder.connections() > before;
    }));
    std::string expected = wire;
    expected.insert(20, "|");
    EXPECT_TRUE(eventually([&] { return recorder.received().ends_with(expected); })) << "records of " << record;
  }
}

TEST_F(server_name, v10_our_own_handshake_finds_a_hello_in_pieces_intact) {
  start();
  const std::string hello = hello_for("app.test");
  for (const std::size_t record : {std::size_t{1}, std::size_t{50}, hello.size()}) {
    byte_stream client = byte_stream::connect(proxy_->port());
    const std::string wire = in_records_of(hello, record);
    client.write(wire.substr(0, wire.size() / 2));
    ASSERT_TRUE(client.stays_silent(20ms));
    client.write(wire.substr(wire.size() / 2));
    EXPECT_EQ(client.read_bytes(3), "\x16\x03\x03") << "our ServerHello";
  }
}

TEST_F(server_name, v10_a_hello_that_is_never_finished_ends_in_time) {
  config::entrypoint_section section;
  section.limits.handshake_timeout = 500ms;
  start(section);
  const std::string hello = hello_for("db.test");
  for (const std::string& part : {""s, hello.substr(0, 1), hello.substr(0, 100), hello.substr(0, hello.size() - 1)}) {
    byte_stream client = byte_stream::connect(proxy_->port());
    client.write(part);
    EXPECT_EQ(client.read_to_end(), "") << part.size();
    EXPECT_NE(client.end(), stream_end::timed_out) << part.size();
  }
  byte_stream dripping = byte_stream::connect(proxy_->port());
  const auto begin = std::chrono::steady_clock::now();
  std::size_t sent = 0;
  for (; sent < hello.size() && dripping.stays_silent(20ms); ++sent) dripping.write(hello.substr(sent, 1));
  EXPECT_LT(sent, hello.size()) << "as long as it drips it must not live";
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_TRUE(eventually([&] { return proxy_->server().status().connections_open == 0; }));
}

TEST_F(server_name, v10_beyond_the_cap_nobody_looks_for_a_name) {
  config::entrypoint_section section;
  section.limits.client_hello_bytes_max = 1024;
  start(section);
  // Tiny records make more than a kilobyte of any hello; ALPN names make the message itself that large.
  std::string protocols;
  for (int i = 0; i < 40; ++i) protocols += "\x1e" "abcdefghijklmnopqrstuvwxyz0123"s;
  protocols += "\x08http/1.1";
  EXPECT_EQ(tls_client(proxy_->port(), {.server_name = "db.test", .protocols = protocols}).peer_names(), "app.test");
  EXPECT_EQ(certificate_for("db.test"), "db.test");
}

TEST_F(server_name, a_proxy_header_may_stand_before_the_hello) {
  config::entrypoint_section section;
  section.proxy_protocol.mode = config::proxy_protocol_mode::anybody;
  start(section);
  for (const char* name : {"db.test", "app.test"}) {
    byte_stream stream = byte_stream::connect(proxy_->port());
    const std::string header = "PROXY TCP4 192.0.2.7 10.0.0.1 4242 443\r\n";
    ASSERT_EQ(send(stream.fd(), header.data(), header.size(), MSG_MORE), static_cast<ssize_t>(header.size()));
    EXPECT_EQ(tls_client(std::move(stream), {.server_name = name}).peer_names(), name);
  }
}

TEST_F(server_name, tls_may_end_here_for_one_name_only) {
  const raw_origin clear([](raw_origin::connection& each) { each.write("clear: " + each.stream().read_until("\n")); });
  start();
  stream::route ours = route("app.test");
  ours.terminates_tls = true;
  ours.addresses = {base::address::from_parts("127.0.0.1", clear.port()).value()};
  proxy_->publish_streams({ours, route("db.test")});
  EXPECT_TRUE(eventually([&] {
    tls_client client = proxy_->connect();
    client.send("hello\n");
    return client.peer_names() == "app.test" && client.stream().read_to_end() == "clear: hello\n";
  }));
  EXPECT_EQ(certificate_for("db.test"), "db.test");
}

}  // namespace
}  // namespace cardea::proxy
