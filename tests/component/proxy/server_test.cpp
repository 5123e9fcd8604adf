// Goal: what the whole data plane promises at its start and its end.
#include "proxy/server.hpp"

#include "tests/support/proxy_under_test.hpp"

#include <future>

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using tests::get;
using tests::ok;
using tests::raw_origin;

int status_of_one_request(std::uint16_t port) {
  tests::tls_client client(port);
  return client.ask(get()).status;
}

TEST(server, a_client_that_comes_before_certificates_and_routes_waits_for_them) {
  const raw_origin origin(raw_origin::answering(ok()));
  const tests::test_ca ca("test CA");
  const tests::reserved_port port;
  for (const bool routes_first : {true, false}) {
    server proxy;
    config::entrypoint_section section;
    section.https_addr = port.address();
    section.http_addr = "";
    section.threads = 2;
    ASSERT_TRUE(proxy.start(section));
    std::vector<std::future<int>> asked;
    for (int i = 0; i < 8; ++i)
      asked.push_back(std::async(std::launch::async, status_of_one_request, port.number()));
    const auto routes = std::make_shared<const routing::route_table>(
        std::vector<routing::route>{tests::route_to(origin.port())}, std::vector<std::string>{});
    const auto certificates = std::make_shared<tests::named_certificates>(ca.issue("DNS:app.test"));
    const auto publish = [&](bool what) {
      what ? proxy.publish_routes(routes, false) : proxy.publish_certificates(certificates);
    };
    publish(routes_first);
    EXPECT_EQ(asked.front().wait_for(50ms), std::future_status::timeout);
    publish(!routes_first);
    for (auto& each : asked) EXPECT_EQ(each.get(), 200);
    EXPECT_EQ(proxy.status().handshakes_failed, 0U);
  }
}

TEST(server, can_end_before_anything_was_published) {
  const tests::reserved_port port;
  server proxy;
  config::entrypoint_section section;
  section.https_addr = port.address();
  section.http_addr = "";
  ASSERT_TRUE(proxy.start(section));
  tests::byte_stream client = tests::byte_stream::connect(port.number());
  proxy.shut_down(0ms);
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_NE(client.end(), tests::stream_end::timed_out);
}

TEST(server, names_the_address_that_it_cannot_have) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof where;
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&where), size), 0);
  getsockname(fd, reinterpret_cast<sockaddr*>(&where), &size);
  config::entrypoint_section section;
  section.https_addr = "127.0.0.1:" + std::to_string(ntohs(where.sin_port));
  section.http_addr = "";
  server proxy;
  const auto started = proxy.start(section);
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message().find(section.https_addr), std::string::npos)
      << started.error().message();
  ::close(fd);
}

}  // namespace
}  // namespace cardea::proxy
