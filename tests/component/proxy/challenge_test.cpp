// Goal: a CA gets its answers whatever routes and redirects want, and nobody
// else gets anything by them. Method: a real proxy, clients that ask as CAs do
// and as others do.
#include "tests/support/proxy_under_test.hpp"

#include <openssl/err.h>

#include <atomic>
#include <future>
#include <thread>

namespace cardea::proxy {
namespace {

using tests::byte_stream;
using tests::get;
using tests::http_answer;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::stream_end;
using tests::tls_client;

constexpr const char* proof_name = "proof.invalid";
constexpr int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
const std::string only_acme =
    "\x0a"
    "acme-tls/1";
const std::string acme_and_http =
    "\x0a"
    "acme-tls/1"
    "\x08"
    "http/1.1";

config::entrypoint_section section(std::size_t threads = 2) {
  config::entrypoint_section out;
  out.http_addr = "some port";
  out.threads = threads;
  out.strict_host = true;
  return out;
}

class challenge : public testing::Test {
 protected:
  challenge() : origin_(raw_origin::answering(tests::ok("of the backend"))), proxy_(origin_, section()) {}

  /// As autocert does: nothing is asked for before every worker answers for it.
  void publish(base::challenge_snapshot pending) {
    std::promise<void> installed;
    proxy_.server().publish_challenges(pending, [&] { installed.set_value(); });
    ASSERT_EQ(installed.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
  }
  void publish_http(std::vector<base::pending_challenges::http01> list) {
    publish(std::make_shared<const base::pending_challenges>(
        std::move(list), std::vector<base::pending_challenges::tls_alpn01>{}));
  }
  /// What the certificate says is the solver's business: here it only has to be told from others.
  void publish_proof(const std::string& server_name) {
    const tests::pem_pair pair = tests::test_ca("a solver").issue(std::string("DNS:") + proof_name);
    const auto proof = base::certificate::from_pem(pair.certificate, pair.key).value();
    publish(std::make_shared<const base::pending_challenges>(
        std::vector<base::pending_challenges::http01>{},
        std::vector<base::pending_challenges::tls_alpn01>{{server_name, proof}}));
  }

  http_answer ask_clear(const std::string& host, const std::string& path, const std::string& method = "GET") {
    byte_stream client = byte_stream::connect(proxy_.clear_port());
    client.write(method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    return tests::read_answer(client, method == "HEAD");
  }
  tls_client as_ca(const std::string& server_name, int version, const std::string& protocols = only_acme) {
    return tls_client(proxy_.port(),
                      {.server_name = server_name, .version = version, .protocols = protocols});
  }

  const raw_origin origin_;
  proxy_under_test proxy_;
};

const std::string place = "/.well-known/acme-challenge/";

TEST_F(challenge, b60_is_answered_before_the_redirect) {
  publish_http({{"app.test", "token_A-1", "token_A-1.thumb"}});
  for (const char* host : {"app.test", "APP.test", "app.test:80", "app.test."}) {
    const http_answer answer = ask_clear(host, place + "token_A-1");
    EXPECT_EQ(answer.status, 200) << host;
    EXPECT_EQ(answer.body, "token_A-1.thumb") << host;
  }
  const http_answer head = ask_clear("app.test", place + "token_A-1", "HEAD");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.value("Content-Length"), "15");
  EXPECT_EQ(origin_.received(), "");
}

// A CA follows redirects to https, whatever the certificate and the route there.
TEST_F(challenge, b60_is_answered_over_tls_before_the_routes) {
  publish_http({{"app.test", "token", "token.thumb"}, {"elsewhere.test", "other", "other.thumb"}});
  EXPECT_EQ(proxy_.connect().ask(get(place + "token")).body, "token.thumb");
  tls_client client = proxy_.connect();
  EXPECT_EQ(client.ask("GET " + place + "other HTTP/1.1\r\nHost: elsewhere.test\r\n\r\n").body, "other.thumb")
      << "neither a route nor strict_host is asked";
  EXPECT_EQ(origin_.received(), "");
}

TEST_F(challenge, b61_an_ipv6_literal_is_a_host_in_any_spelling) {
  publish_http({{"2001:db8::1", "token", "token.thumb"}, {"192.0.2.1", "token", "token.thumb4"}});
  for (const char* host : {"[2001:db8::1]", "[2001:DB8:0:0::1]:80"})
    EXPECT_EQ(ask_clear(host, place + "token").body, "token.thumb") << host;
  EXPECT_EQ(ask_clear("192.0.2.1", place + "token").body, "token.thumb4");
  EXPECT_EQ(ask_clear("[2001:db8::2]", place + "token").status, 308);
}

TEST_F(challenge, b62_what_is_not_pending_goes_its_usual_way) {
  publish_http({{"app.test", "token", "token.thumb"}});
  for (const std::string& path :
       {place, place + "other", place + "token2", place + "token/", place + "token?x", place + "../token",
        std::string("/.well-known/acme-challengetoken"), std::string("/token")})
    EXPECT_EQ(ask_clear("app.test", path).status, 308) << path;
  EXPECT_EQ(ask_clear("other.test", place + "token").status, 308);
  EXPECT_EQ(ask_clear("app.test", place + "token", "DELETE").status, 308);
  EXPECT_EQ(proxy_.connect().ask(get(place + "of-the-backend")).body, "of the backend")
      << "a backend may have an ACME client of its own";
  publish(nullptr);
  EXPECT_EQ(ask_clear("app.test", place + "token").status, 308) << "taken back";
}

TEST_F(challenge, b63_a_name_is_proven_within_the_handshake_and_the_connection_ends) {
  publish_proof("proven.test");
  for (const int version : versions) {
    for (const char* name : {"proven.test", "PROVEN.test"}) {
      tls_client ca = as_ca(name, version);
      ASSERT_TRUE(ca.connected()) << name;
      EXPECT_EQ(ca.peer_names(), proof_name);
      EXPECT_EQ(ca.protocol(), "acme-tls/1");
      EXPECT_EQ(ca.stream().read_to_end(), "");
      EXPECT_EQ(ca.stream().end(), stream_end::orderly);
      const tests::tls_session kept = ca.session();
      EXPECT_FALSE(kept && SSL_SESSION_has_ticket(kept.get())) << "a session that could be resumed";
    }
  }
}

TEST_F(challenge, b63_a_request_over_it_gets_no_answer) {
  publish_proof("app.test");
  for (const int version : versions) {
    tls_client ca = as_ca("app.test", version);
    ASSERT_TRUE(ca.connected());
    ca.send(get());
    EXPECT_EQ(ca.stream().read_to_end(), "");
  }
  EXPECT_EQ(origin_.received(), "");
}

TEST_F(challenge, b63_an_address_is_proven_by_its_reverse_name) {
  publish_proof("1.2.0.192.in-addr.arpa");
  tls_client ca = as_ca("1.2.0.192.in-addr.arpa", TLS1_3_VERSION);
  ASSERT_TRUE(ca.connected());
  EXPECT_EQ(ca.protocol(), "acme-tls/1");
}

TEST_F(challenge, b64_whoever_offers_more_gets_the_usual_certificate_and_protocol) {
  publish_proof("app.test");
  for (const int version : versions) {
    tls_client client = as_ca("app.test", version, acme_and_http);
    ASSERT_TRUE(client.connected());
    EXPECT_EQ(client.protocol(), "http/1.1");
    EXPECT_EQ(client.peer_names(), "app.test");
    EXPECT_EQ(client.ask(get()).body, "of the backend");
    tls_client plain = as_ca("app.test", version, "");
    EXPECT_EQ(plain.peer_names(), "app.test");
    EXPECT_EQ(plain.ask(get()).body, "of the backend");
  }
}

TEST_F(challenge, b64_nobody_gets_anything_over_acme_tls_for_a_name_that_is_not_pending) {
  publish_proof("proven.test");
  for (const int version : versions)
    for (const char* name : {"app.test", "xproven.test", ""})
      EXPECT_FALSE(as_ca(name, version).connected()) << name;
  publish(nullptr);
  for (const int version : versions) EXPECT_FALSE(as_ca("proven.test", version).connected());
}

TEST_F(challenge, b63_a_ticket_of_an_ordinary_session_is_of_no_use_for_it) {
  tls_client ordinary = proxy_.connect();
  ASSERT_EQ(ordinary.ask(get()).status, 200);
  const tests::tls_session session = ordinary.session();
  publish_proof("app.test");
  const tls_client ca(proxy_.port(), {.resume = session.get(), .protocols = only_acme});
  ASSERT_TRUE(ca.connected());
  EXPECT_FALSE(ca.resumed());
}

// B66: whichever worker the kernel chooses, it answers for all that was published before.
TEST_F(challenge, b66_every_worker_answers_once_it_is_installed) {
  proxy_under_test many(origin_, section(4));
  std::atomic<int> wrong{0};
  for (int round = 0; round < 10; ++round) {
    const std::string token = "token-" + std::to_string(round);
    std::promise<void> installed;
    many.server().publish_challenges(
        std::make_shared<const base::pending_challenges>(
            std::vector<base::pending_challenges::http01>{{"app.test", token, token + ".thumb"}},
            std::vector<base::pending_challenges::tls_alpn01>{}),
        [&] { installed.set_value(); });
    installed.get_future().wait();
    std::vector<std::thread> askers;
    for (int i = 0; i < 8; ++i) {
      askers.emplace_back([&] {
        byte_stream client = byte_stream::connect(many.clear_port());
        client.write("GET " + place + token + " HTTP/1.1\r\nHost: app.test\r\n\r\n");
        if (tests::read_answer(client).body != token + ".thumb") ++wrong;
      });
    }
    for (std::thread& each : askers) each.join();
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace cardea::proxy
