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
    out.upstream.backends[0].tls_options.name = host;
    out.upstream.backends[0].tls_options.verify = verify;
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

TEST_F(tls_backend, v13_the_name_and_the_authority_are_the_routes_own) {
  const tests::test_ca own("own");
  const std::string pem = own.pem();
  const raw_origin origin(answer_with_server_name, own.issue("DNS:inner.test"));
  routing::route route = route_to(origin, "backend.test");
  route.upstream.backends[0].tls_options.name = "inner.test";
  const auto status = [](const routing::route& to) {
    const proxy_under_test proxy({to});
    return proxy.connect().ask(get()).status;
  };
  EXPECT_EQ(status(route), 502) << "the system does not know its CA";
  route.upstream.backends[0].tls_options.trusted = base::trust_store::create({&pem, 1}, false).value();
  EXPECT_EQ(status(route), 200);
  route.upstream.backends[0].tls_options.name = "backend.test";
  EXPECT_EQ(status(route), 502) << "another name";
  const raw_origin known(raw_origin::answering(ok()), ca_.issue("DNS:backend.test"));
  routing::route strict = route_to(known, "backend.test");
  strict.upstream.backends[0].tls_options.trusted = route.upstream.backends[0].tls_options.trusted;
  EXPECT_EQ(status(strict), 502) << "the system's CAs do not count beside its own";
}

TEST_F(tls_backend, v13_no_name_is_sent_when_that_is_off_but_it_is_verified) {
  const raw_origin origin(answer_with_server_name, ca_.issue("DNS:backend.test"));
  routing::route route = route_to(origin, "backend.test");
  route.upstream.backends[0].tls_options.send_name = false;
  const proxy_under_test proxy({route});
  EXPECT_EQ(proxy.connect().ask(get()).body, "(none)");
  route.upstream.backends[0].tls_options.name = "other.test";
  const proxy_under_test other({route});
  EXPECT_EQ(other.connect().ask(get()).status, 502);
}

TEST_F(tls_backend, v13_each_set_of_options_has_connections_of_its_own) {
  const raw_origin origin(raw_origin::answering(ok()), ca_.issue("DNS:backend.test,DNS:second.test"));
  const std::string pem = ca_.pem();
  std::vector<routing::route> routes(6, route_to(origin, "backend.test"));
  routes[1].upstream.backends[0].tls_options.verify = false;
  routes[2].upstream.backends[0].tls_options.name = "second.test";
  routes[3].upstream.backends[0].tls_options.send_name = false;
  routes[4].upstream.backends[0].tls_options.trusted = base::trust_store::create({&pem, 1}, false).value();
  routes[5].upstream.backends[0].tls_options.max_version = tls::backend_options::version::tls12;
  for (std::size_t i = 0; i < routes.size(); ++i) routes[i].name = "r" + std::to_string(i) + ".test";
  routes.push_back(routes[0]);
  routes.back().name = "twin.test";
  const proxy_under_test proxy(routes);
  tls_client client = proxy.connect();
  for (int round = 0; round < 2; ++round) {
    for (const routing::route& each : routes)
      EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: " + each.name + "\r\n\r\n").status, 200) << each.name;
    EXPECT_EQ(origin.connections(), 6) << "the twin shares, the others do not";
  }
}

TEST_F(tls_backend, v14_what_comes_before_the_handshake_is_no_answer) {
  const raw_origin origin(
      [](raw_origin::connection& each) {
        static_cast<void>(each.stream().read_bytes(1));
        each.write(ok("injected"));
        static_cast<void>(each.stream().read_to_end());
      });
  const proxy_under_test proxy({route_to(origin, "backend.test"), [&] {
                                  routing::route trusting = route_to(origin, "backend.test", false);
                                  trusting.name = "trusting.test";
                                  return trusting;
                                }()});
  for (const char* host : {"app.test", "trusting.test"}) {
    const http_answer answer = proxy.connect().ask("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
    EXPECT_EQ(answer.status, 502) << host;
    EXPECT_EQ(answer.body.find("injected"), std::string::npos);
  }
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
