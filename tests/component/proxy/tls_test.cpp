// Goal: handshakes with real peers: which certificate, which sessions, and who is refused.
#include "tests/support/proxy_under_test.hpp"

#include <openssl/err.h>

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using tests::byte_stream;
using tests::get;
using tests::http_answer;
using tests::named_certificates;
using tests::ok;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::stream_end;
using tests::tls_client;

constexpr int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

TEST(tls, v07_each_server_name_gets_its_certificate_and_others_the_default) {
  proxy_under_test proxy({});
  const auto certificates = std::make_shared<named_certificates>(proxy.ca().issue("DNS:default.test"));
  certificates->add("one.test", proxy.ca().issue("DNS:one.test"));
  certificates->add("two.test", proxy.ca().issue("DNS:two.test,DNS:*.two.test"));
  proxy.server().publish_certificates(certificates);
  for (const int version : versions) {
    EXPECT_EQ(proxy.connect({.server_name = "one.test", .version = version}).peer_names(), "one.test");
    EXPECT_EQ(proxy.connect({.server_name = "two.test", .version = version}).peer_names(),
              "two.test *.two.test");
    EXPECT_EQ(proxy.connect({.server_name = "three.test", .version = version}).peer_names(), "default.test");
    EXPECT_EQ(proxy.connect({.server_name = "", .version = version}).peer_names(), "default.test");
  }
}

TEST(tls, u12_a_new_certificate_serves_new_connections_and_disturbs_no_old_one) {
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test proxy(origin);
  tls_client old = proxy.connect();
  EXPECT_EQ(old.ask(get()).status, 200);
  for (int round = 0; round < 3; ++round) {
    const auto next = proxy.ca().issue("DNS:app.test");
    proxy.server().publish_certificates(std::make_shared<named_certificates>(next));
    const tls_client fresh = proxy.connect();
    EXPECT_NE(fresh.peer_serial(), old.peer_serial());
    EXPECT_EQ(old.ask(get()).status, 200);
  }
}

TEST(tls, v08_sessions_resume_by_ticket_on_every_worker) {
  const raw_origin origin(raw_origin::answering(ok()));
  config::entrypoint_section section;
  section.threads = 4;
  const proxy_under_test proxy(origin, section);
  for (const int version : versions) {
    tls_client first = proxy.connect({.version = version});
    ASSERT_EQ(first.ask(get()).status, 200);
    EXPECT_FALSE(first.resumed());
    const tests::tls_session session = first.session();
    // The kernel spreads connections over the workers by their ports.
    for (int i = 0; i < 24; ++i) {
      tls_client again = proxy.connect({.version = version, .resume = session.get()});
      EXPECT_TRUE(again.resumed()) << "connection " << i;
      EXPECT_EQ(again.ask(get()).status, 200);
    }
  }
}

TEST(tls, v08_tickets_of_another_process_are_of_no_use) {
  const proxy_under_test one({});
  const proxy_under_test other({});
  for (const int version : versions) {
    tls_client first = one.connect({.version = version});
    static_cast<void>(first.ask(get()));
    const tests::tls_session session = first.session();
    EXPECT_TRUE(one.connect({.version = version, .resume = session.get()}).resumed());
    EXPECT_FALSE(other.connect({.version = version, .resume = session.get()}).resumed());
  }
}

TEST(tls, v06_renegotiation_is_refused) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect({.version = TLS1_2_VERSION});
  SSL* session = client.stream().session();
  ASSERT_EQ(SSL_renegotiate(session), 1);
  ERR_clear_error();
  EXPECT_NE(SSL_do_handshake(session), 1);
  client.send(get());
  EXPECT_NE(client.answer().status, 200);
}

TEST(tls, v06_a_client_may_ask_for_new_keys) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect({.version = TLS1_3_VERSION});
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(SSL_key_update(client.stream().session(), SSL_KEY_UPDATE_REQUESTED), 1);
    EXPECT_EQ(client.ask(get()).status, 200) << i;
  }
}

TEST(tls, v09_older_versions_are_refused) {
  proxy_under_test proxy({});
  EXPECT_FALSE(tls_client(proxy.port(), {.version = TLS1_1_VERSION}).connected());
  EXPECT_TRUE(tests::eventually([&] { return proxy.server().status().handshakes_failed == 1; }));
}

TEST(tls, v11_a_client_that_speaks_no_protocol_of_ours_is_refused) {
  const proxy_under_test proxy({});
  EXPECT_EQ(proxy.connect({.protocols = std::string("\x02h2\x08http/1.1", 12)}).protocol(), "http/1.1");
  EXPECT_FALSE(tls_client(proxy.port(), {.protocols = std::string("\x03"
                                                                  "ftp",
                                                                  4)})
                   .connected());
}

TEST(tls, v15_plain_http_on_the_tls_port_is_told_so) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  byte_stream client = byte_stream::connect(proxy.port());
  client.write(get());
  const http_answer answer = tests::read_answer(client);
  EXPECT_EQ(answer.status, 400);
  EXPECT_TRUE(answer.complete);
  EXPECT_TRUE(answer.has_line("Connection: close")) << answer.head;
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(origin.received(), "");
  EXPECT_EQ(proxy.connect().ask(get()).status, 200) << "and others are served";
}

TEST(tls, v10_garbage_ends_the_connection_only) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  for (const std::string& bytes : {std::string(100, '\0'), std::string(100, '\xff'),
                                   std::string("\x16\x03\x01\xff\xff", 5) + std::string(3000, 'x')}) {
    byte_stream client = byte_stream::connect(proxy.port());
    client.write(bytes);
    client.cut();
    static_cast<void>(client.read_to_end());
    EXPECT_NE(client.end(), stream_end::timed_out);
  }
  EXPECT_EQ(proxy.connect().ask(get()).status, 200);
}

TEST(tls, v10_a_handshake_has_only_so_much_time) {
  config::entrypoint_section section;
  section.limits.handshake_timeout = 300ms;
  proxy_under_test proxy({}, section);
  byte_stream silent = byte_stream::connect(proxy.port());
  byte_stream dripping = byte_stream::connect(proxy.port());
  const auto begin = std::chrono::steady_clock::now();
  const std::string hello =
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(500, 'x');
  for (const char byte : hello)
    if (!dripping.write({&byte, 1}) || !dripping.stays_silent(20ms)) break;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s) << "each byte put the deadline off";
  EXPECT_EQ(silent.read_to_end(), "");
  EXPECT_NE(silent.end(), stream_end::timed_out);
  EXPECT_EQ(proxy.server().status().handshakes_failed, 2U);
}

TEST(tls, v10_a_handshake_in_small_pieces_succeeds) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  // The client's flights go through memory, so that each byte can be sent alone.
  byte_stream wire = byte_stream::connect(proxy.port());
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* session = SSL_new(context);
  SSL_CTX_free(context);
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  BIO_set_mem_eof_return(in, -1);
  SSL_set_bio(session, in, out);
  SSL_set_connect_state(session);
  for (int turn = 0; turn < 1000 && SSL_do_handshake(session) != 1; ++turn) {
    char byte = 0;
    while (BIO_read(out, &byte, 1) == 1) ASSERT_TRUE(wire.write({&byte, 1}));
    const std::string got = wire.read_bytes(1);
    ASSERT_EQ(got.size(), 1U);
    BIO_write(in, got.data(), 1);
  }
  EXPECT_EQ(SSL_is_init_finished(session), 1);
  SSL_free(session);
}

TEST(tls, keep_alive_connections_end_with_a_close_notify) {
  const raw_origin origin(raw_origin::answering(ok()));
  config::entrypoint_section section;
  section.limits.keep_alive_timeout = 200ms;
  const proxy_under_test proxy(origin, section);
  tls_client client = proxy.connect();
  EXPECT_EQ(client.ask(get()).status, 200);
  EXPECT_EQ(client.stream().read_to_end(), "");
  EXPECT_EQ(client.stream().end(), stream_end::orderly) << "RFC 8446 section 6.1";
}

}  // namespace
}  // namespace cardea::proxy
