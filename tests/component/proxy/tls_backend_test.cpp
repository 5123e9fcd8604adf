// Goal: a backend behind https gets requests only when its certificate proves the
// route's host, and what it sends is as whole as TLS says.
#include "tests/support/proxy_under_test.hpp"
#include "tests/support/scratch_folder.hpp"

#include <cstdlib>
#include <fstream>

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using tests::get;
using tests::http_answer;
using tests::ok;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::tls_client;

/// The system's CAs are the test's CA for as long as this lives.
class tls_backend : public testing::Test {
 protected:
  tls_backend() {
    std::ofstream(folder_ / "ca.pem") << ca_.pem();
    setenv("SSL_CERT_FILE", (folder_ / "ca.pem").c_str(), 1);
    setenv("SSL_CERT_DIR", folder_.path().c_str(), 1);
  }
  ~tls_backend() override {
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
  }

  [[nodiscard]] static routing::route route_to(const raw_origin& origin, const std::string& host,
                                               bool verify = true) {
    routing::route out = tests::route_to(origin.port());
    out.upstream.backends[0].host = host;
    out.upstream.backends[0].tls = true;
    out.upstream.backends[0].verify = verify;
    return out;
  }

  const test_support::scratch_folder folder_;
  const tests::test_ca ca_{"backend CA"};
};

/// Answers with the server name that the proxy sent.
void answer_with_server_name(raw_origin::connection& each) {
  while (!each.request().head.empty()) {
    const char* name = SSL_get_servername(each.stream().session(), TLSEXT_NAMETYPE_host_name);
    each.write(ok(name == nullptr ? "(none)" : name));
  }
}

TEST_F(tls_backend, v13_one_that_proves_the_routes_host_is_served_and_kept) {
  const raw_origin origin(answer_with_server_name, ca_.issue("DNS:backend.test,IP:127.0.0.1"));
  const proxy_under_test by_name({route_to(origin, "backend.test")});
  tls_client client = by_name.connect();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.ask(get()).body, "backend.test");
  EXPECT_EQ(origin.connections(), 1);
  const proxy_under_test by_address({route_to(origin, "127.0.0.1")});
  EXPECT_EQ(by_address.connect().ask(get()).body, "(none)") << "an address is never sent as a server name";
}

TEST_F(tls_backend, v13_one_that_proves_nothing_gets_no_request) {
  const tests::test_ca stranger("stranger");
  const struct {
    const char* what;
    tests::pem_pair pair;
  } cases[] = {
      {"another name", ca_.issue("DNS:other.test")},
      {"a name below", ca_.issue("DNS:x.backend.test")},
      {"an address", ca_.issue("IP:127.0.0.1")},
      {"expired", ca_.issue("DNS:backend.test", std::chrono::hours(-48), std::chrono::hours(-24))},
      {"not valid yet", ca_.issue("DNS:backend.test", std::chrono::hours(24), std::chrono::hours(48))},
      {"an unknown CA", stranger.issue("DNS:backend.test")},
  };
  for (const auto& each : cases) {
    const raw_origin origin(raw_origin::answering(ok()), each.pair);
    const proxy_under_test proxy({route_to(origin, "backend.test")});
    tls_client client = proxy.connect();
    EXPECT_EQ(client.ask(get()).status, 502) << each.what;
    EXPECT_EQ(client.ask(get()).status, 502) << each.what << ": the second time";
    EXPECT_EQ(origin.received(), "") << each.what;
    const proxy_under_test trusting({route_to(origin, "backend.test", false)});
    EXPECT_EQ(trusting.connect().ask(get()).status, 200) << each.what;
  }
}

TEST_F(tls_backend, v13_a_verified_route_never_uses_an_unverified_connection) {
  const raw_origin origin(raw_origin::answering(ok()), tests::test_ca("stranger").issue("DNS:backend.test"));
  routing::route trusting = route_to(origin, "backend.test", false);
  trusting.name = "trusting.test";
  const proxy_under_test proxy({route_to(origin, "backend.test"), trusting});
  tls_client client = proxy.connect();
  EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: trusting.test\r\n\r\n").status, 200);
  const std::string seen = origin.received();
  EXPECT_EQ(client.ask(get()).status, 502);
  EXPECT_EQ(origin.received(), seen);
}

TEST_F(tls_backend, one_that_speaks_no_tls_is_a_502) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    static_cast<void>(each.stream().read_to_end());
  });
  const proxy_under_test proxy({route_to(origin, "backend.test")});
  EXPECT_EQ(proxy.connect().ask(get()).status, 502);
}

TEST_F(tls_backend, one_that_never_shakes_hands_is_a_504) {
  const raw_origin origin([](raw_origin::connection& each) { each.stall(); });
  config::entrypoint_section section;
  section.limits.connect_timeout = 200ms;
  const proxy_under_test proxy({route_to(origin, "backend.test")}, section);
  EXPECT_EQ(proxy.connect().ask(get()).status, 504);
}

TEST_F(tls_backend, u07_an_end_without_close_notify_is_a_truncation) {
  const raw_origin origin(
      [](raw_origin::connection& each) {
        const bool orderly = each.head().starts_with("GET /orderly");
        each.write("HTTP/1.1 200 OK\r\n\r\nhello");
        if (!each.stream().stays_silent(30ms)) return;
        orderly ? each.stream().end_writing() : each.stream().cut();
      },
      ca_.issue("DNS:backend.test"));
  const proxy_under_test proxy({route_to(origin, "backend.test")});
  const http_answer whole = proxy.connect().ask(get("/orderly"));
  EXPECT_EQ(whole.body, "hello");
  EXPECT_TRUE(whole.complete);
  EXPECT_FALSE(proxy.connect().ask(get("/cut")).complete);
}

TEST_F(tls_backend, u07_a_close_notify_behind_the_last_byte_ends_the_body) {
  // No FIN follows: only the close_notify tells the end.
  const raw_origin origin(
      [](raw_origin::connection& each) {
        each.head();
        each.write("HTTP/1.1 200 OK\r\n\r\nhello");
        each.stream().send_close_notify();
        each.stall();
      },
      ca_.issue("DNS:backend.test"));
  const proxy_under_test proxy({route_to(origin, "backend.test")});
  const http_answer answer = proxy.connect().ask(get());
  EXPECT_EQ(answer.body, "hello");
  EXPECT_TRUE(answer.complete);
}

TEST_F(tls_backend, big_chunked_bodies_pass_both_ways) {
  std::string body;
  for (int i = 0; body.size() < 8U * 1024 * 1024; ++i) body += std::to_string(i) + ";";
  const raw_origin origin(
      [](raw_origin::connection& each) {
        while (true) {
          const auto request = tests::read_request(each.stream());
          if (request.head.empty()) return;
          each.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
          for (std::string_view left = request.body; !left.empty();
               left = left.substr(std::min<std::size_t>(left.size(), 99'999))) {
            const std::string_view piece = left.substr(0, 99'999);
            std::array<char, 16> size{};
            std::snprintf(size.data(), size.size(), "%zx\r\n", piece.size());
            each.write(size.data() + std::string(piece) + "\r\n");
          }
          each.write("0\r\n\r\n");
        }
      },
      ca_.issue("DNS:backend.test"));
  const proxy_under_test proxy({route_to(origin, "backend.test")});
  tls_client client = proxy.connect();
  for (int round = 0; round < 2; ++round) {
    client.send("POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n");
    std::array<char, 16> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", body.size());
    client.send(size.data() + body + "\r\n0\r\n\r\n");
    const http_answer answer = client.answer();
    EXPECT_TRUE(answer.complete);
    EXPECT_TRUE(answer.body == body) << answer.body.size();
  }
  EXPECT_EQ(origin.connections(), 1);
}

}  // namespace
}  // namespace cardea::proxy
