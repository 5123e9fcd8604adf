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
      what ? proxy.publish_routes(routes, {}) : proxy.publish_certificates(certificates);
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

/// Asks on one connection after the other until `over`; the number of answers, or -1 at the first failure.
int ask_until(const std::atomic<bool>& over, std::uint16_t port) {
  int answers = 0;
  while (!over) {
    tests::tls_client client(port);
    for (int i = 0; i < 20; ++i, ++answers)
      if (const auto answer = client.ask(get()); answer.status != 200 || !answer.complete) return -1;
  }
  return answers;
}

TEST(server, u12_new_routes_and_certificates_under_load_fail_no_request) {
  const raw_origin one(raw_origin::answering(ok("one")));
  const raw_origin two(raw_origin::answering(ok("two")));
  config::entrypoint_section section;
  section.threads = 2;
  tests::proxy_under_test proxy(one, section);
  std::atomic<bool> over = false;
  std::vector<std::future<int>> clients;
  for (int i = 0; i < 3; ++i)
    clients.push_back(std::async(std::launch::async, ask_until, std::cref(over), proxy.port()));
  const auto certificates = std::make_shared<tests::named_certificates>(proxy.ca().issue("DNS:app.test"));
  const auto begin = std::chrono::steady_clock::now();
  int changes = 0;
  for (; std::chrono::steady_clock::now() - begin < 1s; ++changes) {
    proxy.publish({tests::route_to(changes % 2 == 0 ? two.port() : one.port())});
    proxy.server().publish_certificates(certificates);
    tests::tls_client client = proxy.connect();
    EXPECT_EQ(client.ask(get()).body, changes % 2 == 0 ? "two" : "one");
  }
  over = true;
  for (auto& each : clients) EXPECT_GT(each.get(), 0);
  EXPECT_GT(changes, 2);
}

TEST(server, a_removed_route_finishes_what_is_under_way) {
  std::promise<void> told;
  auto go = told.get_future().share();
  const raw_origin origin([go](raw_origin::connection& each) {
    if (each.request().head.empty()) return;
    go.wait_for(5s);
    each.write(ok("late"));
  });
  tests::proxy_under_test proxy(origin);
  tests::tls_client client = proxy.connect();
  client.send(get());
  ASSERT_TRUE(tests::eventually([&] { return !origin.received().empty(); }));
  proxy.publish({});
  EXPECT_EQ(proxy.connect().ask(get()).status, 404);
  told.set_value();
  EXPECT_EQ(client.answer().body, "late");
  EXPECT_EQ(client.ask(get()).status, 404);
}

TEST(server, counts_what_it_does) {
  const raw_origin origin(raw_origin::answering(ok()));
  tests::proxy_under_test proxy(origin);
  {
    tests::tls_client client = proxy.connect();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client.ask(get()).status, 200);
    EXPECT_EQ(proxy.server().status().connections_open, 1U);
    EXPECT_EQ(proxy.server().status().requests_total, 3U);
  }
  EXPECT_TRUE(tests::eventually([&] { return proxy.server().status().connections_open == 0; }));
  EXPECT_EQ(proxy.server().status().connections_total, 1U);
  EXPECT_EQ(proxy.server().status().handshakes_failed, 0U);
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
