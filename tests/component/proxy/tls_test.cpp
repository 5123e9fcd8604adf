// Goal: handshakes with real peers: which certificate, which sessions, and who is refused.
#include "proxy/tls/cipher_preference.hpp"
#include "proxy/tls/record_layer.hpp"
#include "tests/support/proxy_under_test.hpp"

#include <openssl/err.h>

#include <ctime>
#include <thread>

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

TEST(tls, v08_a_client_that_resumed_gets_another_ticket) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  const auto ticket_of = [](const tests::tls_session& session) {
    const unsigned char* bytes = nullptr;
    std::size_t size = 0;
    SSL_SESSION_get0_ticket(session.get(), &bytes, &size);
    return std::string(bytes, bytes + size);
  };
  tls_client first = proxy.connect({.version = TLS1_3_VERSION});
  ASSERT_EQ(first.ask(get()).status, 200);
  const tests::tls_session old = first.session();
  ASSERT_TRUE(old);
  tls_client second = proxy.connect({.version = TLS1_3_VERSION, .resume = old.get()});
  ASSERT_EQ(second.ask(get()).status, 200);
  ASSERT_TRUE(second.resumed());
  const tests::tls_session fresh = second.session();
  ASSERT_TRUE(fresh);
  EXPECT_NE(ticket_of(fresh), ticket_of(old));
  EXPECT_NE(ticket_of(fresh), "");
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

TEST(tls, v08_tickets_outlive_two_changes_of_the_key_and_no_third) {
  const raw_origin origin(raw_origin::answering(ok()));
  config::entrypoint_section section;
  section.threads = 2;
  proxy_under_test proxy(origin, section);
  auto now = std::chrono::steady_clock::now();
  const auto half_a_day = [&] { proxy.server().rotate_tickets(now += 12h, 12h); };
  for (const int version : versions) {
    tls_client first = proxy.connect({.version = version});
    ASSERT_EQ(first.ask(get()).status, 200);
    const tests::tls_session session = first.session();
    const auto resumes = [&](SSL_SESSION* with) {
      tls_client again = proxy.connect({.version = version, .resume = with});
      EXPECT_EQ(again.ask(get()).status, 200);
      return again.resumed();
    };
    proxy.server().rotate_tickets(now + 11h, 12h);
    EXPECT_TRUE(resumes(session.get())) << "before half a day";
    half_a_day();
    EXPECT_TRUE(resumes(session.get()));
    tls_client renewing = proxy.connect({.version = version, .resume = session.get()});
    ASSERT_EQ(renewing.ask(get()).status, 200);
    const tests::tls_session renewed(SSL_SESSION_dup(renewing.session().get()));
    half_a_day();
    EXPECT_TRUE(resumes(session.get()));
    half_a_day();
    EXPECT_FALSE(resumes(session.get())) << "its key is gone";
    EXPECT_TRUE(resumes(renewed.get())) << "one that was sealed anew when the old one was used";
    half_a_day();
  }
}

TEST(tls, v08_a_session_is_offered_for_a_day_at_most) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  for (const int version : versions) {
    tls_client client = proxy.connect({.version = version});
    ASSERT_EQ(client.ask(get()).status, 200);
    const unsigned long seconds = SSL_SESSION_get_ticket_lifetime_hint(client.session().get());
    EXPECT_GT(seconds, 0U);
    EXPECT_LE(seconds, 24U * 60 * 60);
  }
}

TEST(tls, v07_a_name_that_nobody_has_is_answered_as_configured) {
  const raw_origin origin(raw_origin::answering(ok()));
  using stranger = config::tls_section::stranger;
  for (const stranger how : {stranger::default_certificate, stranger::alert, stranger::close}) {
    config::entrypoint_section section;
    section.tls.unknown_server_name = how;
    const proxy_under_test proxy(origin, section);
    EXPECT_EQ(proxy.connect().ask(get()).status, 200);
    for (const char* name : {"nobody.test", ""}) {
      ERR_clear_error();
      tls_client client(proxy.port(), {.server_name = name});
      EXPECT_EQ(client.connected(), how == stranger::default_certificate) << name;
      const bool alerted = ERR_GET_REASON(ERR_peek_error()) == SSL_R_TLSV1_UNRECOGNIZED_NAME;
      EXPECT_EQ(alerted, how == stranger::alert) << name;
      EXPECT_EQ(client.peer_names(), how == stranger::default_certificate ? "app.test" : "");
    }
  }
}

TEST(tls, v09_versions_ciphers_and_curves_are_those_that_are_configured) {
  const raw_origin origin(raw_origin::answering(ok()));
  config::entrypoint_section section;
  section.tls.ciphers = {"ECDHE-ECDSA-AES256-GCM-SHA384"};
  section.tls.ciphersuites = {"TLS_CHACHA20_POLY1305_SHA256"};
  section.tls.curves = {"P-384"};
  proxy_under_test proxy(origin, section);
  const auto cipher = [&](int version) {
    tls_client client = proxy.connect({.version = version});
    EXPECT_EQ(client.ask(get()).status, 200);
    return std::string(SSL_get_cipher_name(client.stream().session()));
  };
  EXPECT_EQ(cipher(TLS1_2_VERSION), "ECDHE-ECDSA-AES256-GCM-SHA384");
  EXPECT_EQ(cipher(TLS1_3_VERSION), "TLS_CHACHA20_POLY1305_SHA256");
  tls_client client = proxy.connect();
  EXPECT_EQ(SSL_get_negotiated_group(client.stream().session()), NID_secp384r1);
  config::tls_section stricter;
  stricter.min_version = config::tls_section::version::tls13;
  proxy.server().apply(stricter);
  EXPECT_TRUE(tests::eventually([&] { return !tls_client(proxy.port(), {.version = TLS1_2_VERSION}).connected(); }));
  EXPECT_EQ(cipher(TLS1_3_VERSION),
            tls::has_aes_instructions() ? "TLS_AES_128_GCM_SHA256" : "TLS_CHACHA20_POLY1305_SHA256");
}

TEST(tls, v09_the_servers_order_counts_unless_the_client_likes_chacha_best) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  const auto chosen = [&](const tests::tls_client_options& options) {
    tls_client client = proxy.connect(options);
    EXPECT_EQ(client.ask(get()).status, 200);
    return std::string(SSL_get_cipher_name(client.stream().session()));
  };
  EXPECT_EQ(chosen({.ciphersuites = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"}),
            tls::has_aes_instructions() ? "TLS_AES_128_GCM_SHA256" : "TLS_CHACHA20_POLY1305_SHA256");
  EXPECT_EQ(chosen({.ciphersuites = "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"}),
            "TLS_CHACHA20_POLY1305_SHA256");
  EXPECT_EQ(chosen({.ciphersuites = "TLS_AES_256_GCM_SHA384"}), "TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(chosen({.version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"}),
            "ECDHE-ECDSA-AES128-GCM-SHA256");
  EXPECT_EQ(chosen({.version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256"}),
            "ECDHE-ECDSA-CHACHA20-POLY1305");
}

TEST(tls, v06_a_flood_of_key_updates_ends_the_connection) {
  const raw_origin origin(raw_origin::answering(ok()));
  config::entrypoint_section section;
  section.limits.key_updates_max = 8;
  const proxy_under_test proxy(origin, section);
  for (const int kind : {SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED}) {
    tls_client client = proxy.connect({.version = TLS1_3_VERSION});
    SSL* session = client.stream().session();
    for (int i = 0; i < 8; ++i) {
      ASSERT_EQ(SSL_key_update(session, kind), 1);
      EXPECT_EQ(client.ask(get()).status, 200) << i << ": so many are allowed";
    }
    ASSERT_EQ(SSL_key_update(session, kind), 1);
    EXPECT_EQ(client.ask(get()).status, 0);
  }
  EXPECT_EQ(proxy.connect().ask(get()).status, 200) << "and others are served";
}

TEST(tls, v12_beyond_the_maximum_the_oldest_unfinished_handshake_is_given_up) {
  const raw_origin origin(raw_origin::answering(ok()));
  config::entrypoint_section section;
  section.limits.handshakes_max = 3;
  proxy_under_test proxy(origin, section);
  std::vector<byte_stream> silent;
  for (int i = 0; i < 3; ++i) {
    silent.push_back(byte_stream::connect(proxy.port()));
    EXPECT_TRUE(tests::eventually([&] { return proxy.server().status().connections_open == silent.size(); }));
  }
  EXPECT_EQ(proxy.connect().ask(get()).status, 200) << "somebody who is quick gets in";
  EXPECT_EQ(silent[0].read_to_end(), "");
  EXPECT_EQ(silent[0].end(), stream_end::orderly);
  EXPECT_TRUE(silent[1].stays_silent(50ms));
  EXPECT_TRUE(silent[2].stays_silent(50ms));
  EXPECT_EQ(proxy.server().status().handshakes_failed, 1U);
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

TEST(tls, v06_a_client_that_only_changes_keys_is_cut_off) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect({.version = TLS1_3_VERSION});
  SSL* session = client.stream().session();
  for (unsigned i = 0; i <= tls::record_layer::idle_records_max; ++i) {
    ASSERT_EQ(SSL_key_update(session, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
    // Nothing but the update leaves: a write of no bytes makes no record.
    static_cast<void>(SSL_do_handshake(session));
  }
  EXPECT_EQ(client.answer().status, 0);
}

TEST(tls, a_connection_that_rested_goes_on) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect({.version = TLS1_3_VERSION});
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(SSL_key_update(client.stream().session(), SSL_KEY_UPDATE_REQUESTED), 1);
    EXPECT_EQ(client.ask(get()).status, 200);
    std::this_thread::sleep_for(400ms);  // longer than a busy client is away
  }
}

TEST(tls, v09_older_versions_are_refused) {
  proxy_under_test proxy({});
  EXPECT_FALSE(tls_client(proxy.port(), {.version = TLS1_1_VERSION}).connected());
  EXPECT_TRUE(tests::eventually([&] { return proxy.server().status().handshakes_failed == 1; }));
}

TEST(tls, v11_a_client_that_speaks_no_protocol_of_ours_is_refused) {
  const proxy_under_test proxy({});
  EXPECT_EQ(proxy.connect({.protocols = std::string("\x02h2\x08http/1.1", 12)}).protocol(), "h2");
  EXPECT_EQ(proxy.connect({.protocols = std::string("\x08http/1.1\x02h2", 12)}).protocol(), "h2") << "our order";
  EXPECT_EQ(proxy.connect({.protocols = std::string("\x08http/1.1", 9)}).protocol(), "http/1.1");
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

/// A client whose records go through memory, so that a test can cut them anywhere.
class piecewise_client {
 public:
  explicit piecewise_client(std::uint16_t port) : wire_(byte_stream::connect(port)) {
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    session_.reset(SSL_new(context));
    SSL_CTX_free(context);
    BIO_set_mem_eof_return(in_, -1);
    SSL_set_bio(session_.get(), in_, out_);
    SSL_set_connect_state(session_.get());
  }

  /// Byte by byte, both ways.
  [[nodiscard]] bool shake_hands() {
    while (SSL_do_handshake(session_.get()) != 1) {
      for (const char byte : ciphertext()) wire_.write({&byte, 1});
      const std::string got = wire_.read_bytes(1);
      if (got.empty()) return false;
      BIO_write(in_, got.data(), 1);
    }
    return wire_.write(ciphertext());
  }

  /// The records of `plaintext`, to be sent by the test.
  [[nodiscard]] std::string sealed(const std::string& plaintext) {
    SSL_write(session_.get(), plaintext.data(), static_cast<int>(plaintext.size()));
    return ciphertext();
  }

  /// What the proxy said, up to and with `mark`.
  [[nodiscard]] std::string read_until(const std::string& mark) {
    std::string out;
    while (out.find(mark) == std::string::npos) {
      std::array<char, 4096> buffer;
      const int got = SSL_read(session_.get(), buffer.data(), static_cast<int>(buffer.size()));
      if (got > 0) {
        out.append(buffer.data(), static_cast<std::size_t>(got));
        continue;
      }
      const std::string more = wire_.read_bytes(1);
      if (more.empty()) break;
      BIO_write(in_, more.data(), 1);
    }
    return out;
  }

  [[nodiscard]] byte_stream& wire() noexcept { return wire_; }

 private:
  struct freer {
    void operator()(SSL* value) const noexcept { SSL_free(value); }
  };

  std::string ciphertext() {
    std::string out(BIO_ctrl_pending(out_), '\0');
    BIO_read(out_, out.data(), static_cast<int>(out.size()));
    return out;
  }

  byte_stream wire_;
  std::unique_ptr<SSL, freer> session_;
  BIO* in_ = BIO_new(BIO_s_mem());   // the session's
  BIO* out_ = BIO_new(BIO_s_mem());  // the session's
};

TEST(tls, v10_a_handshake_and_a_request_in_small_pieces_succeed) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  piecewise_client client(proxy.port());
  ASSERT_TRUE(client.shake_hands());
  for (const char byte : client.sealed(get())) ASSERT_TRUE(client.wire().write({&byte, 1}));
  EXPECT_TRUE(client.read_until("ok").starts_with("HTTP/1.1 200 "));
}

TEST(tls, v10_half_a_record_holds_nobody_up) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  const std::string start = "POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 5\r\n\r\n";
  // Before a head, within a head, within a body.
  for (const std::string& before : {std::string(), start.substr(0, 20), start}) {
    piecewise_client client(proxy.port());
    ASSERT_TRUE(client.shake_hands());
    if (!before.empty()) client.wire().write(client.sealed(before));
    const std::string record = client.sealed((start + "hello").substr(before.size()));
    std::size_t sent = 0;
    for (const std::size_t cut : {std::size_t{1}, std::size_t{5}, record.size() - 1}) {
      client.wire().write(record.substr(sent, cut - sent));
      sent = cut;
      tls_client other = proxy.connect();
      const std::clock_t begin = std::clock();
      EXPECT_TRUE(other.stream().stays_silent(200ms));
      EXPECT_LT((std::clock() - begin) * 1000 / CLOCKS_PER_SEC, 100) << "CPU time; " << cut << " bytes";
      ASSERT_EQ(other.ask(get()).status, 200) << cut << " bytes of the record";
    }
    client.wire().write(record.substr(record.size() - 1));
    EXPECT_TRUE(client.read_until("ok").starts_with("HTTP/1.1 200 "));
  }
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
