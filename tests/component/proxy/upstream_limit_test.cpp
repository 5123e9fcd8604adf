// Goal: each limit towards backends holds at its value, and who does not fit in is told so.
#include "proxy/upstream/fleet.hpp"
#include "tests/support/proxy_under_test.hpp"

#include <atomic>
#include <condition_variable>

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using tests::get;
using tests::http_answer;
using tests::ok;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::tls_client;

/// A backend that answers when it is told to, and counts who is there at once.
class gated_origin {
 public:
  [[nodiscard]] std::uint16_t port() const { return origin_.port(); }
  [[nodiscard]] const raw_origin& origin() const { return origin_; }
  void open() { open_ = true; }
  [[nodiscard]] int waiting() const { return waiting_; }
  [[nodiscard]] int most() const { return most_; }

 private:
  void serve(raw_origin::connection& each) {
    while (!each.request().head.empty()) {
      most_ = std::max<int>(most_, ++waiting_);
      const bool told = tests::eventually([this] { return open_.load(); });
      --waiting_;
      if (!told || !each.write(ok())) return;
    }
  }

  std::atomic<bool> open_ = false;
  std::atomic<int> waiting_ = 0;
  std::atomic<int> most_ = 0;
  const raw_origin origin_{[this](raw_origin::connection& each) { serve(each); }};
};

routing::route limited_to(std::initializer_list<std::uint16_t> ports, std::size_t connections) {
  routing::route out = tests::route_to_all(ports);
  for (upstream::backend& each : out.upstream.backends) each.connections_max = connections;
  return out;
}

std::vector<std::unique_ptr<tls_client>> asking(const proxy_under_test& proxy, int count) {
  std::vector<std::unique_ptr<tls_client>> out;
  for (int i = 0; i < count; ++i) {
    out.push_back(std::make_unique<tls_client>(proxy.port()));
    out.back()->send(get());
  }
  return out;
}

TEST(upstream_limit, l08_requests_beyond_the_connections_wait_and_are_served_in_turn) {
  gated_origin gated;
  const proxy_under_test proxy({limited_to({gated.port()}, 2)});
  auto clients = asking(proxy, 6);
  ASSERT_TRUE(tests::eventually([&] { return gated.waiting() == 2; }));
  EXPECT_TRUE(clients.back()->stream().stays_silent(100ms));
  gated.open();
  for (auto& each : clients) EXPECT_EQ(each->answer().status, 200);
  EXPECT_EQ(gated.most(), 2);
  EXPECT_LE(gated.origin().connections(), 2);
}

TEST(upstream_limit, l08_a_full_backend_leaves_requests_to_the_others) {
  gated_origin gated;
  const raw_origin free(raw_origin::answering(ok("free")));
  routing::route route = limited_to({gated.port(), free.port()}, 1);
  const proxy_under_test proxy({route});
  tls_client first = proxy.connect();
  tls_client second = proxy.connect();
  first.send(get());
  second.send(get());
  ASSERT_TRUE(tests::eventually([&] { return gated.waiting() == 1; }));
  tls_client third = proxy.connect();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(third.ask(get()).body, "free");
  gated.open();
}

TEST(upstream_limit, l08_who_does_not_fit_into_the_line_is_a_503_with_retry_after) {
  gated_origin gated;
  routing::route route = limited_to({gated.port()}, 1);
  route.upstream.pending_max = 2;
  const proxy_under_test proxy({route});
  auto first = asking(proxy, 1);
  ASSERT_TRUE(tests::eventually([&] { return gated.waiting() == 1; }));
  auto waiting = asking(proxy, 2);
  for (auto& each : waiting) EXPECT_TRUE(each->stream().stays_silent(50ms));
  tls_client late = proxy.connect();
  const http_answer turned_away = late.ask(get());
  EXPECT_EQ(turned_away.status, 503);
  EXPECT_TRUE(turned_away.has_line("Retry-After: 2")) << turned_away.head;
  gated.open();
  EXPECT_EQ(first[0]->answer().status, 200);
  for (auto& each : waiting) EXPECT_EQ(each->answer().status, 200);
  EXPECT_EQ(late.ask(get()).status, 200) << "its connection was kept";
}

TEST(upstream_limit, l08_who_waits_too_long_is_a_503) {
  gated_origin gated;
  routing::route route = limited_to({gated.port()}, 1);
  route.upstream.pending_timeout = 150;
  const proxy_under_test proxy({route});
  auto first = asking(proxy, 1);
  ASSERT_TRUE(tests::eventually([&] { return gated.waiting() == 1; }));
  EXPECT_EQ(proxy.connect().ask(get()).status, 503);
  gated.open();
  EXPECT_EQ(first[0]->answer().status, 200);
}

TEST(upstream_limit, l08_a_client_that_leaves_the_line_makes_room_in_it) {
  gated_origin gated;
  routing::route route = limited_to({gated.port()}, 1);
  route.upstream.pending_max = 1;
  const proxy_under_test proxy({route});
  auto first = asking(proxy, 1);
  ASSERT_TRUE(tests::eventually([&] { return gated.waiting() == 1; }));
  {
    auto leaving = asking(proxy, 1);
    EXPECT_TRUE(leaving[0]->stream().stays_silent(100ms));
    leaving[0]->stream().reset();
  }
  tls_client next = proxy.connect();
  EXPECT_TRUE(tests::eventually([&] {
    next.send(get());
    return next.stream().stays_silent(100ms) || next.answer().status != 503;
  })) << "the place of the one that left";
  gated.open();
  EXPECT_EQ(first[0]->answer().status, 200);
  EXPECT_EQ(next.answer().status, 200);
}

TEST(upstream_limit, l08_the_limit_is_divided_between_the_workers) {
  EXPECT_EQ((upstream::worker_share{0, 4}.of(6)), 2U);
  EXPECT_EQ((upstream::worker_share{1, 4}.of(6)), 2U);
  EXPECT_EQ((upstream::worker_share{2, 4}.of(6)), 1U);
  EXPECT_EQ((upstream::worker_share{3, 4}.of(6)), 1U);
  EXPECT_EQ((upstream::worker_share{3, 4}.of(2)), 1U) << "a worker without any could not serve";
  gated_origin gated;
  config::entrypoint_section section;
  section.threads = 2;
  const proxy_under_test proxy({limited_to({gated.port()}, 4)}, section);
  auto clients = asking(proxy, 24);
  ASSERT_TRUE(tests::eventually([&] { return gated.waiting() == 4; }));
  EXPECT_TRUE(clients.back()->stream().stays_silent(100ms));
  gated.open();
  for (auto& each : clients) EXPECT_EQ(each->answer().status, 200);
  EXPECT_EQ(gated.most(), 4);
}

TEST(upstream_limit, l08_connections_that_are_kept_count_too) {
  std::atomic<int> open = 0;
  std::atomic<int> most = 0;
  std::atomic<bool> stale = false;
  const raw_origin origin([&](raw_origin::connection& each) {
    most = std::max<int>(most, ++open);
    while (!each.request().head.empty()) {
      if (each.number() <= 2 && stale) break;
      // So that the second request needs a second connection.
      if (!stale && !each.stream().stays_silent(100ms)) break;
      if (!each.write(ok())) break;
    }
    --open;
  });
  const proxy_under_test proxy({limited_to({origin.port()}, 2)});
  auto clients = asking(proxy, 2);
  for (auto& each : clients) EXPECT_EQ(each->answer().status, 200);
  ASSERT_EQ(origin.connections(), 2);
  stale = true;
  // Finds its connection stale and takes a fresh one, beside which the other one would be a third.
  EXPECT_EQ(clients[0]->ask(get()).status, 200);
  EXPECT_TRUE(tests::eventually([&] { return open == 1; }));
  EXPECT_EQ(most, 2);
}

TEST(upstream_limit, a_routes_own_connect_timeout_counts) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof where;
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&where), size), 0);
  ASSERT_EQ(listen(fd, 0), 0);
  getsockname(fd, reinterpret_cast<sockaddr*>(&where), &size);
  const tests::byte_stream filler = tests::byte_stream::connect(ntohs(where.sin_port));
  routing::route route = tests::route_to(ntohs(where.sin_port));
  route.upstream.connect_timeout = 200;
  const proxy_under_test proxy({route});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(proxy.connect().ask(get()).status, 504);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s) << "the entrypoint's are 5";
  ::close(fd);
}

TEST(upstream_limit, a_routes_own_pause_within_a_body_counts) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    each.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    each.stall();
  });
  routing::route route = tests::route_to(origin.port());
  route.timeouts.body_progress = 200ms;
  const proxy_under_test proxy({route});
  const http_answer answer = proxy.connect().ask(get());
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.complete);
}

TEST(upstream_limit, the_whole_exchange_has_a_time_whatever_it_does) {
  const raw_origin slow([](raw_origin::connection& each) {
    const std::string head = each.head();
    if (head.starts_with("GET /silent")) return each.stall();
    each.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    while (each.write("x"))
      if (!each.stream().stays_silent(20ms)) return;
  });
  routing::route route = tests::route_to(slow.port());
  route.timeouts.total = 300ms;
  const proxy_under_test proxy({route});
  EXPECT_EQ(proxy.connect().ask(get("/silent")).status, 504);
  const http_answer dripping = proxy.connect().ask(get("/drip"));
  EXPECT_EQ(dripping.status, 200);
  EXPECT_FALSE(dripping.complete) << "cut, and seen to be cut";
}

TEST(upstream_limit, an_upgraded_connection_has_its_routes_idle_time) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    each.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    each.record(each.stream().read_to_end());
  });
  routing::route route = tests::route_to(origin.port());
  route.timeouts.tunnel_idle = 200ms;
  const proxy_under_test proxy({route});
  tls_client client = proxy.connect();
  EXPECT_EQ(client.ask(get("/", "Connection: upgrade\r\nUpgrade: echo\r\n")).status, 101);
  static_cast<void>(client.stream().read_to_end());
  EXPECT_NE(client.stream().end(), tests::stream_end::timed_out);
}

}  // namespace
}  // namespace cardea::proxy
