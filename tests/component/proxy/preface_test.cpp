// Goal: T14: a trusted proxy's PROXY header says who the client is; nobody else's bytes do.
#include "tests/support/proxy_under_test.hpp"

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using config::proxy_protocol_mode;
using tests::byte_stream;
using tests::get;
using tests::ok;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::stream_end;
using tests::tls_client;

const std::string v1 = "PROXY TCP4 192.0.2.7 10.0.0.1 4242 443\r\n";
const std::string v2_signature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string v2 = v2_signature + "\x21\x11\x00\x0c\xc0\x00\x02\x08\x0a\x00\x00\x01\x10\x92\x01\xbb"s;
const std::string v2_local = v2_signature + "\x20\x00\x00\x00"s;

config::entrypoint_section section(proxy_protocol_mode mode, const char* trusted = "127.0.0.0/8") {
  config::entrypoint_section out;
  out.proxy_protocol.mode = mode;
  if (mode != proxy_protocol_mode::anybody)
    out.proxy_protocol.trusted_proxies = {base::address_range::parse("10.0.0.0/8").value(),
                                          base::address_range::parse(trusted).value()};
  out.limits.handshake_timeout = 300ms;
  out.http_addr = "some port";
  return out;
}

/// The last address that a backend was told, asked for by a client that sends `preface` first.
class preface : public testing::Test {
 protected:
  preface() : origin_(raw_origin::answering(ok())) {}

  void start(const config::entrypoint_section& entrypoint) {
    proxy_ = std::make_unique<proxy_under_test>(origin_, entrypoint);
  }
  [[nodiscard]] static tls_client over_tls(byte_stream stream) { return {std::move(stream), {}}; }
  [[nodiscard]] byte_stream connect(const std::string& first) const {
    byte_stream out = byte_stream::connect(proxy_->port());
    out.write(first);
    return out;
  }
  /// "closed" when the connection was not taken.
  [[nodiscard]] std::string client_seen(tls_client client) const {
    if (!client.connected()) return "closed";
    const std::size_t before = origin_.received().size();
    EXPECT_EQ(client.ask(get()).status, 200);
    const std::string received = origin_.received().substr(before);
    constexpr std::string_view name = "\r\nX-Forwarded-For: ";
    const auto at = received.find(name);
    if (at == std::string::npos) return "none";
    return received.substr(at + name.size(), received.find("\r\n", at + 1) - at - name.size());
  }
  [[nodiscard]] std::string client_seen(const std::string& first) const { return client_seen(over_tls(connect(first))); }

  const raw_origin origin_;
  std::unique_ptr<proxy_under_test> proxy_;
};

TEST_F(preface, t14_a_trusted_proxys_header_names_the_client) {
  for (const auto mode : {proxy_protocol_mode::required, proxy_protocol_mode::mixed}) {
    start(section(mode));
    EXPECT_EQ(client_seen(v1), "192.0.2.7");
    EXPECT_EQ(client_seen(v2), "192.0.2.8");
    EXPECT_EQ(client_seen("PROXY TCP6 2001:db8::7 2001:db8::1 4242 443\r\n"), "2001:db8::7");
    EXPECT_EQ(client_seen(v2_local), "127.0.0.1");
    EXPECT_EQ(client_seen("PROXY UNKNOWN\r\n"), "127.0.0.1");
  }
}

TEST_F(preface, t14_a_trusted_proxy_without_a_sound_header_is_turned_away) {
  for (const auto mode : {proxy_protocol_mode::required, proxy_protocol_mode::mixed}) {
    start(section(mode));
    EXPECT_EQ(client_seen(""), "closed");
    for (const std::string& bad : {"PROXY TCP4 192.0.2.7 10.0.0.1 4242 65536\r\n"s, "PROXY " + std::string(200, 'x'),
                                   v2_signature + "\x21\x11\x00\x0b"s + std::string(11, 'x'),
                                   v2_signature + "\x21\x11\x00\x0f"s + std::string(12, 'x') + "\x01\x00\x09"s}) {
      byte_stream stream = connect(bad);
      EXPECT_EQ(stream.read_to_end(), "") << bad;
      EXPECT_TRUE(stream.end() == stream_end::reset || stream.end() == stream_end::orderly) << bad;
    }
  }
  EXPECT_EQ(origin_.connections(), 0);
}

TEST_F(preface, t14_required_turns_away_whoever_is_not_trusted) {
  start(section(proxy_protocol_mode::required, "192.0.2.0/24"));
  for (const std::string& first : {""s, v1, v2}) EXPECT_EQ(client_seen(first), "closed") << first;
  EXPECT_TRUE(tests::eventually([&] { return proxy_->server().status().connections_refused == 3; }));
}

TEST_F(preface, t14_mixed_never_parses_whoever_is_not_trusted) {
  start(section(proxy_protocol_mode::mixed, "192.0.2.0/24"));
  EXPECT_EQ(client_seen(""), "127.0.0.1");
  EXPECT_EQ(client_seen(v1), "closed") << "to TLS a header is garbage";
  byte_stream clear = byte_stream::connect(proxy_->clear_port());
  clear.write(v1 + "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n");
  EXPECT_EQ(tests::read_answer(clear, false).status, 400) << "to HTTP it is a broken request";
}

TEST_F(preface, t14_disabled_never_parses_anybody) {
  start(section(proxy_protocol_mode::disabled));
  EXPECT_EQ(client_seen(""), "127.0.0.1");
  EXPECT_EQ(client_seen(v1), "closed");
}

TEST_F(preface, t14_anybody_may_send_a_header_or_none) {
  start(section(proxy_protocol_mode::anybody));
  EXPECT_EQ(client_seen(""), "127.0.0.1");
  EXPECT_EQ(client_seen(v1), "192.0.2.7");
  EXPECT_EQ(client_seen(v2), "192.0.2.8");
}

TEST_F(preface, t14_a_header_may_come_byte_by_byte) {
  config::entrypoint_section patient = section(proxy_protocol_mode::required);
  patient.limits.handshake_timeout = 5s;
  start(patient);
  for (const std::string& header : {v1, v2}) {
    byte_stream stream = byte_stream::connect(proxy_->port());
    const int on = 1;
    setsockopt(stream.fd(), IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof on);
    for (const char byte : header) {
      stream.write({&byte, 1});
      ASSERT_TRUE(stream.stays_silent(2ms));
    }
    EXPECT_EQ(client_seen(over_tls(std::move(stream))), header == v1 ? "192.0.2.7" : "192.0.2.8");
  }
}

TEST_F(preface, t14_a_header_and_the_client_hello_may_come_in_one_segment) {
  start(section(proxy_protocol_mode::required));
  for (const std::string& header : {v1, v2}) {
    byte_stream stream = byte_stream::connect(proxy_->port());
    ASSERT_EQ(send(stream.fd(), header.data(), header.size(), MSG_MORE), static_cast<ssize_t>(header.size()));
    EXPECT_EQ(client_seen(over_tls(std::move(stream))), header == v1 ? "192.0.2.7" : "192.0.2.8");
  }
}

TEST_F(preface, t14_a_header_that_does_not_come_in_time_ends_the_connection) {
  start(section(proxy_protocol_mode::required));
  for (const std::string& first : {""s, "PROXY TCP4 192.0"s, v2.substr(0, 5), v2.substr(0, 20)}) {
    const auto begin = std::chrono::steady_clock::now();
    byte_stream stream = connect(first);
    EXPECT_EQ(stream.read_to_end(), "") << first;
    EXPECT_NE(stream.end(), stream_end::timed_out) << first;
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 200ms) << first;
  }
  EXPECT_TRUE(tests::eventually([&] { return proxy_->server().status().connections_open == 0; }));
}

TEST_F(preface, t14_a_header_that_is_cut_short_ends_the_connection_at_once) {
  config::entrypoint_section patient = section(proxy_protocol_mode::required);
  patient.limits.handshake_timeout = 1h;
  start(patient);
  for (const std::string& first : {""s, "PROXY TCP4 192.0"s, v2.substr(0, 20)}) {
    byte_stream stream = connect(first);
    stream.end_writing();
    EXPECT_EQ(stream.read_to_end(), "") << first;
    EXPECT_NE(stream.end(), stream_end::timed_out) << first;
  }
}

TEST_F(preface, t14_a_header_beyond_its_limit_is_refused) {
  config::entrypoint_section limited = section(proxy_protocol_mode::required);
  limited.limits.proxy_header_bytes_max = 256;
  start(limited);
  const auto padded = [](int size) {  // of the whole header, with one TLV of type NOOP
    const int rest = size - 16;
    return v2_signature + "\x21\x11"s + static_cast<char>(rest >> 8) + static_cast<char>(rest & 0xff) + v2.substr(16) +
           "\x04"s + static_cast<char>((rest - 15) >> 8) + static_cast<char>((rest - 15) & 0xff) +
           std::string(static_cast<std::size_t>(rest - 15), 'x');
  };
  EXPECT_EQ(client_seen(padded(256)), "192.0.2.8");
  EXPECT_EQ(client_seen(padded(257)), "closed");
}

TEST_F(preface, t14_the_clear_listener_takes_headers_too) {
  start(section(proxy_protocol_mode::required));
  byte_stream clear = byte_stream::connect(proxy_->clear_port());
  clear.write(v2 + "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n");
  EXPECT_EQ(tests::read_answer(clear, false).status, 308);
}

TEST_F(preface, another_policy_holds_for_connections_from_then_on) {
  start(section(proxy_protocol_mode::disabled));
  tls_client before = over_tls(connect(""));
  ASSERT_TRUE(before.connected());
  proxy_->server().publish_proxy_protocol(section(proxy_protocol_mode::required));
  EXPECT_TRUE(tests::eventually([&] { return client_seen(v1) == "192.0.2.7"; }));
  EXPECT_EQ(client_seen(std::move(before)), "127.0.0.1");
}

}  // namespace
}  // namespace cardea::proxy
