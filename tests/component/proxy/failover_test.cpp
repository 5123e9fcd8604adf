// Goal: a backend that fails costs no request that another backend may serve, and retries never become a storm.
#include "proxy/upstream/retry_budget.hpp"
#include "tests/support/proxy_under_test.hpp"

#include <atomic>

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using tests::get;
using tests::ok;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::tls_client;

const char* const get_request = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";
const char* const empty_post = "POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 0\r\n\r\n";
const char* const post = "POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 2\r\n\r\nhi";
const char* const put = "PUT / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 2\r\n\r\nhi";

// So that every request may meet the bad backend first.
routing::route trusting(routing::route route) {
  route.upstream.balance.max_fails = 0;
  return route;
}

raw_origin::script resets_each_request() {
  return [](raw_origin::connection& each) {
    each.record(each.stream().read_bytes(1));
    each.stream().reset();
  };
}

TEST(failover, u01_a_refused_connection_moves_any_request_to_the_next_backend) {
  const tests::reserved_port nobody;
  const raw_origin good(raw_origin::answering(ok("good")));
  const proxy_under_test proxy({trusting(tests::route_to_all({nobody.number(), good.port()}))});
  for (const char* request : {get_request, post, put, empty_post}) {
    tls_client client = proxy.connect();
    for (int i = 0; i < 4; ++i) EXPECT_EQ(client.ask(request).body, "good") << request;
  }
  EXPECT_NE(good.received().find("\r\n\r\nhi"), std::string::npos) << "with its body";
}

TEST(failover, u01_every_backend_is_tried_once_and_then_the_client_is_told) {
  const tests::reserved_port nobody;
  const tests::reserved_port nobody_either;
  const proxy_under_test proxy({tests::route_to_all({nobody.number(), nobody_either.number()})});
  EXPECT_EQ(proxy.connect().ask(get()).status, 502);
}

TEST(failover, u01_retries_have_a_maximum_for_each_request) {
  const tests::reserved_port one;
  const tests::reserved_port two;
  const raw_origin good(raw_origin::answering(ok("good")));
  for (const auto& [retries, status] : {std::pair{1U, 502}, std::pair{2U, 200}}) {
    routing::route route = trusting(tests::route_to_all({one.number(), two.number(), good.port()}));
    // By key the order is always the same: the two that are not there come first.
    route.upstream.balance.retries = retries;
    route.upstream.backends[0].weight = 1000;
    route.upstream.backends[1].weight = 1000;
    const proxy_under_test proxy({route});
    EXPECT_EQ(proxy.connect().ask(get()).status, status) << retries;
  }
}

TEST(failover, a_backend_that_resets_before_its_answer_costs_a_get_nothing) {
  const raw_origin bad(resets_each_request());
  const raw_origin good(raw_origin::answering(ok("good")));
  const proxy_under_test proxy({trusting(tests::route_to_all({bad.port(), good.port()}))});
  tls_client client = proxy.connect();
  for (int i = 0; i < 6; ++i) EXPECT_EQ(client.ask(get()).body, "good");
  EXPECT_GE(bad.connections(), 3);
}

TEST(failover, a_request_that_must_not_be_repeated_is_not_sent_to_a_second_backend) {
  const raw_origin bad(resets_each_request());
  const raw_origin good(raw_origin::answering(ok("good")));
  for (const char* request : {empty_post, post, put}) {
    const proxy_under_test proxy({trusting(tests::route_to_all({bad.port(), good.port()}))});
    int failed = 0;
    for (int i = 0; i < 2; ++i) {
      tls_client client = proxy.connect();
      failed += client.ask(request).status == 502 ? 1 : 0;
    }
    EXPECT_EQ(failed, 1) << request << ": the one that went to the bad backend";
  }
  EXPECT_EQ(good.connections(), 3);
}

TEST(failover, nothing_is_moved_after_the_first_byte_of_an_answer) {
  const raw_origin bad([](raw_origin::connection& each) {
    each.head();
    each.write("HTTP/1.1 2");
  });
  const raw_origin good(raw_origin::answering(ok("good")));
  const proxy_under_test proxy({trusting(tests::route_to_all({bad.port(), good.port()}))});
  int failed = 0;
  for (int i = 0; i < 4; ++i) failed += proxy.connect().ask(get()).status == 502 ? 1 : 0;
  EXPECT_EQ(failed, 2);
}

TEST(failover, u11_when_all_fail_retries_add_a_fifth_and_no_more) {
  const raw_origin one(resets_each_request());
  const raw_origin two(resets_each_request());
  const proxy_under_test proxy({trusting(tests::route_to_all({one.port(), two.port()}))});
  constexpr int requests = 200;
  tls_client client = proxy.connect();
  for (int i = 0; i < requests; ++i) EXPECT_EQ(client.ask(get()).status, 502);
  const int sent = one.connections() + two.connections();
  EXPECT_GT(sent, requests);
  EXPECT_LE(sent, requests + requests / 5 + static_cast<int>(upstream::retry_budget::reserve));
}

TEST(failover, a_backend_that_keeps_failing_is_put_aside_and_comes_back_by_a_trial) {
  std::atomic<bool> broken = true;
  const raw_origin flapping([&broken](raw_origin::connection& each) {
    while (!each.request().head.empty()) {
      if (broken) return each.stream().reset();
      each.write(ok("back"));
    }
  });
  const raw_origin good(raw_origin::answering(ok("good")));
  routing::route route = tests::route_to_all({flapping.port(), good.port()});
  route.upstream.balance.max_fails = 3;
  route.upstream.balance.fail_timeout = 300ms;
  route.upstream.balance.slow_start = 0ms;
  const proxy_under_test proxy({route});
  tls_client client = proxy.connect();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.ask(get()).body, "good");
  EXPECT_EQ(flapping.connections(), 3) << "then nothing more is sent there";
  broken = false;
  EXPECT_TRUE(tests::eventually([&] { return client.ask(get()).body == "back"; }));
  int back = 0;
  for (int i = 0; i < 20; ++i) back += client.ask(get()).body == "back" ? 1 : 0;
  EXPECT_EQ(back, 10);
}

TEST(failover, u10_a_backend_that_came_back_gets_little_at_first) {
  std::atomic<bool> broken = true;
  const raw_origin flapping([&broken](raw_origin::connection& each) {
    while (!each.request().head.empty()) {
      if (broken) return each.stream().reset();
      each.write(ok("back"));
    }
  });
  const raw_origin good(raw_origin::answering(ok("good")));
  routing::route route = tests::route_to_all({flapping.port(), good.port()});
  route.upstream.balance.max_fails = 1;
  route.upstream.balance.fail_timeout = 50ms;
  route.upstream.balance.slow_start = 1h;
  const proxy_under_test proxy({route});
  tls_client client = proxy.connect();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(client.ask(get()).body, "good");
  broken = false;
  ASSERT_TRUE(tests::eventually([&] { return client.ask(get()).body == "back"; }));
  int back = 0;
  for (int i = 0; i < 110; ++i) back += client.ask(get()).body == "back" ? 1 : 0;
  EXPECT_GE(back, 9);
  EXPECT_LE(back, 12) << "a tenth of its weight is one of eleven";
}

TEST(failover, u10_with_too_few_left_those_put_aside_serve_too) {
  std::vector<std::unique_ptr<raw_origin>> bad;
  for (int i = 0; i < 3; ++i) bad.push_back(std::make_unique<raw_origin>(resets_each_request()));
  const raw_origin good(raw_origin::answering(ok("good")));
  const auto sent_to_bad = [&](std::size_t threshold) {
    int before = 0;
    for (const auto& each : bad) before += each->connections();
    routing::route route =
        tests::route_to_all({bad[0]->port(), bad[1]->port(), bad[2]->port(), good.port()});
    route.upstream.balance.max_fails = 1;
    route.upstream.balance.fail_timeout = 1h;
    route.upstream.balance.fail_timeout_max = 1h;
    route.upstream.balance.panic_threshold = threshold;
    route.upstream.balance.retries = 3;
    route.upstream.balance.retry_budget = 100;
    const proxy_under_test proxy({route});
    tls_client client = proxy.connect();
    for (int i = 0; i < 40; ++i) EXPECT_EQ(client.ask(get()).body, "good") << threshold;
    int after = 0;
    for (const auto& each : bad) after += each->connections();
    return after - before;
  };
  EXPECT_EQ(sent_to_bad(25), 3) << "one of four is enough";
  EXPECT_GT(sent_to_bad(26), 20) << "one of four is too few";
}

TEST(failover, when_all_were_put_aside_all_are_tried_again) {
  std::atomic<bool> broken = true;
  const raw_origin::script script = [&broken](raw_origin::connection& each) {
    while (!each.request().head.empty()) {
      if (broken) return each.stream().reset();
      each.write(ok("back"));
    }
  };
  const raw_origin one(script);
  const raw_origin two(script);
  routing::route route = tests::route_to_all({one.port(), two.port()});
  route.upstream.balance.max_fails = 1;
  route.upstream.balance.fail_timeout = 1h;
  route.upstream.balance.fail_timeout_max = 1h;
  const proxy_under_test proxy({route});
  tls_client client = proxy.connect();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(client.ask(get()).status, 502);
  broken = false;
  for (int i = 0; i < 4; ++i) EXPECT_EQ(client.ask(get()).body, "back") << "no client waits for a pause to pass";
}

TEST(failover, a_backend_that_the_checks_call_down_gets_nothing_until_it_is_up) {
  const raw_origin one(raw_origin::answering(ok("one")));
  const raw_origin two(raw_origin::answering(ok("two")));
  routing::route route = tests::route_to_all({one.port(), two.port()});
  route.upstream.balance.slow_start = 0ms;
  proxy_under_test proxy({route});
  tls_client client = proxy.connect();
  const auto publish = [&](std::initializer_list<int> down) {
    auto view = std::make_shared<upstream::health_view>();
    for (const int each : down) view->down.insert(route.upstream.health_key(route.upstream.backends[each]));
    proxy.server().publish_health(view);
  };
  const auto answers = [&] {
    std::string out;
    for (int i = 0; i < 6; ++i) out += client.ask(get()).body;
    return out;
  };
  publish({0});
  EXPECT_TRUE(tests::eventually([&] { return answers() == "twotwotwotwotwotwo"; }));
  publish({0, 1});
  EXPECT_TRUE(tests::eventually([&] { return client.ask(get()).status == 503; }));
  const tests::http_answer down = client.ask(get());
  EXPECT_TRUE(down.has_line("Retry-After: 2")) << down.head;
  EXPECT_NE(down.body.find("None of the servers behind this site"), std::string::npos) << down.body;
  publish({1});
  EXPECT_TRUE(tests::eventually([&] { return answers() == "oneoneoneoneoneone"; }));
  publish({});
  EXPECT_TRUE(tests::eventually([&] { return answers().find("two") != std::string::npos; }));
}

TEST(failover, the_only_backend_of_a_route_is_asked_whatever_is_thought_of_it) {
  std::atomic<bool> broken = true;
  const raw_origin origin([&broken](raw_origin::connection& each) {
    while (!each.request().head.empty()) {
      if (broken) return each.stream().reset();
      each.write(ok());
    }
  });
  routing::route route = tests::route_to(origin.port());
  route.upstream.balance.fail_timeout = 1h;
  proxy_under_test proxy({route});
  auto view = std::make_shared<upstream::health_view>();
  view->down.insert(route.upstream.health_key(route.upstream.backends[0]));
  proxy.server().publish_health(view);
  tls_client client = proxy.connect();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.ask(get()).status, 502);
  broken = false;
  EXPECT_EQ(client.ask(get()).status, 200);
}

TEST(failover, l13_an_address_that_swallows_packets_costs_a_quarter_of_a_second_once) {
  // A full accept queue: the kernel drops further SYNs without an answer.
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof where;
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&where), size), 0);
  ASSERT_EQ(listen(fd, 0), 0);
  getsockname(fd, reinterpret_cast<sockaddr*>(&where), &size);
  const tests::byte_stream filler = tests::byte_stream::connect(ntohs(where.sin_port));
  const raw_origin good([](raw_origin::connection& each) {
    static_cast<void>(each.request());
    each.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ngood");
  });
  routing::route route = tests::route_to(ntohs(where.sin_port));
  route.upstream.backends[0].addresses.push_back(tests::backend_at(good.port()).addresses[0]);
  config::entrypoint_section section;
  section.limits.connect_timeout = 4s;
  const proxy_under_test proxy({route}, section);
  tls_client client = proxy.connect();
  const auto took = [&] {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(client.ask(get()).body, "good");
    return std::chrono::steady_clock::now() - begin;
  };
  const auto first = took();
  EXPECT_GE(first, 240ms);
  EXPECT_LT(first, 3s) << "the second address is tried beside the first, not after it";
  EXPECT_LT(took(), 240ms) << "the address that answered is tried first";
  ::close(fd);
}

}  // namespace
}  // namespace cardea::proxy
