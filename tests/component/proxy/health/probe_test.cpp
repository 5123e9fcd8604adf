// Goal: a check says what a request would meet.
#include "proxy/health/probe.hpp"

#include "base/trust_store.hpp"
#include "tests/support/proxy_under_test.hpp"
#include "tests/support/run_coroutine.hpp"

namespace cardea::proxy::health {
namespace {

using namespace std::chrono_literals;
using tests::raw_origin;

class probe_test : public ::testing::Test {
 protected:
  [[nodiscard]] finding check(const target& at) {
    auto prober = make_prober("cardea/test");
    EXPECT_TRUE(prober) << prober.error().message();
    return tests::run(context_, (*prober)(at));
  }
  static target at(std::uint16_t port) {
    target out;
    out.route = "app";
    out.host = "127.0.0.1";
    out.port = port;
    out.plan.path = "/up?deep=1";
    out.plan.timeout = 2s;
    return out;
  }
  static raw_origin::script answering(const std::string& status) {
    return raw_origin::answering("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n");
  }

  base::asio::io_context context_{1};
};

TEST_F(probe_test, any_status_below_500_is_good) {
  for (const char* status : {"200 OK", "204 No Content", "302 Found", "401 Unauthorized", "404 Not Found"}) {
    const raw_origin origin(answering(status));
    EXPECT_TRUE(check(at(origin.port())).good) << status;
  }
  for (const char* status : {"500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable"}) {
    const raw_origin origin(answering(status));
    const finding found = check(at(origin.port()));
    EXPECT_FALSE(found.good) << status;
    EXPECT_EQ(found.detail, "status " + std::string(status).substr(0, 3));
  }
}

TEST_F(probe_test, asks_for_the_path_with_head_or_get) {
  const raw_origin origin(answering("200 OK"));
  target one = at(origin.port());
  EXPECT_TRUE(check(one).good);
  one.plan.use_get = true;
  EXPECT_TRUE(check(one).good);
  EXPECT_TRUE(origin.received().starts_with("HEAD /up?deep=1 HTTP/1.1\r\n")) << origin.received();
  EXPECT_NE(origin.received().find("GET /up?deep=1 HTTP/1.1\r\n"), std::string::npos);
  EXPECT_NE(origin.received().find("User-Agent: cardea/test\r\n"), std::string::npos);
  EXPECT_NE(origin.received().find("Cache-Control: no-cache\r\n"), std::string::npos);
  EXPECT_EQ(origin.connections(), 2) << "each check connects anew";
}

TEST_F(probe_test, who_refuses_or_resets_or_says_nothing_is_not_good) {
  const tests::reserved_port nobody;
  EXPECT_FALSE(check(at(nobody.number())).good);
  EXPECT_NE(check(at(nobody.number())).detail.find("refused"), std::string::npos);
  const raw_origin resets([](raw_origin::connection& each) {
    each.head();
    each.stream().reset();
  });
  EXPECT_FALSE(check(at(resets.port())).good);
  const raw_origin silent([](raw_origin::connection& each) { each.stall(); });
  target slow = at(silent.port());
  slow.plan.timeout = 100ms;
  EXPECT_FALSE(check(slow).good);
}

TEST_F(probe_test, tcp_asks_for_a_connection_only) {
  const raw_origin silent([](raw_origin::connection& each) { each.stall(); });
  target one = at(silent.port());
  one.plan.type = config::check_kind::tcp;
  EXPECT_TRUE(check(one).good);
  const tests::reserved_port nobody;
  one.port = nobody.number();
  const finding found = check(one);
  EXPECT_FALSE(found.good);
  EXPECT_NE(found.detail.find("refused"), std::string::npos) << found.detail;
}

TEST_F(probe_test, v13_a_certificate_that_requests_would_not_accept_is_not_good_unless_the_route_says_so) {
  const tests::test_ca unknown("nobody's CA");
  const raw_origin origin(answering("200 OK"), unknown.issue("IP:127.0.0.1"));
  target one = at(origin.port());
  one.tls = true;
  const finding found = check(one);
  EXPECT_FALSE(found.good);
  EXPECT_NE(found.detail.find("certificate refused"), std::string::npos) << found.detail;
  one.tls_options.no_verify = true;
  EXPECT_TRUE(check(one).good) << check(one).detail;
}

TEST_F(probe_test, v13_the_routes_own_authority_name_and_certificate_count_for_checks_too) {
  const tests::test_ca own("own CA");
  const tests::test_ca clients("CA of clients");
  const raw_origin origin(
      [](raw_origin::connection& each) {
        const char* name = SSL_get_servername(each.stream().session(), TLSEXT_NAMETYPE_host_name);
        each.record(std::string(name == nullptr ? "(none)" : name) + "\n");
        static_cast<void>(each.request());
        each.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      },
      own.issue("DNS:app.internal"));
  target one = at(origin.port());
  one.tls = true;
  const std::string anchors[] = {own.pem()};
  one.tls_options.trusted = base::trust_store::create(anchors, false).value();
  EXPECT_NE(check(one).detail.find("certificate refused"), std::string::npos) << "of another name";
  one.tls_options.server_name = "app.internal";
  EXPECT_TRUE(check(one).good) << check(one).detail;
  EXPECT_TRUE(origin.received().find("app.internal\nHEAD") != std::string::npos) << origin.received();
  one.tls_options.send_name = false;
  const tests::pem_pair pair = clients.issue("DNS:cardea");
  one.tls_options.certificate = base::certificate::from_pem(pair.certificate, pair.key).value();
  EXPECT_TRUE(check(one).good) << check(one).detail;
  EXPECT_NE(origin.received().find("(none)\n"), std::string::npos);
}

}  // namespace
}  // namespace cardea::proxy::health
