// Goal: a shut-down loses no answer that is under way, and ends in time.
#include "tests/support/proxy_under_test.hpp"

#include <future>

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using tests::get;
using tests::http_answer;
using tests::ok;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::stream_end;
using tests::tls_client;

std::chrono::milliseconds since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
}

/// A backend that answers when it is told to.
struct patient_origin {
  std::promise<void> told;
  std::shared_future<void> go = told.get_future().share();
  const raw_origin origin{[this](raw_origin::connection& each) {
    if (each.request().head.empty()) return;
    go.wait_for(tests::byte_stream::patience);
    each.write(ok("late"));
    each.stall();
  }};
};

TEST(drain, u14_an_exchange_under_way_is_finished_and_announces_the_close) {
  patient_origin backend;
  proxy_under_test proxy(backend.origin);
  tls_client client = proxy.connect();
  client.send(get());
  ASSERT_TRUE(tests::eventually([&] { return !backend.origin.received().empty(); }));
  auto ended = std::async(std::launch::async, [&] { proxy.server().shut_down(5s); });
  EXPECT_EQ(ended.wait_for(200ms), std::future_status::timeout);
  backend.told.set_value();
  const http_answer answer = client.answer();
  EXPECT_EQ(answer.body, "late");
  EXPECT_TRUE(answer.has_line("Connection: close")) << answer.head;
  EXPECT_EQ(client.stream().read_to_end(), "");
  EXPECT_EQ(client.stream().end(), stream_end::orderly);
  client.stream().close();
  EXPECT_EQ(ended.wait_for(2s), std::future_status::ready);
}

TEST(drain, u14_idle_connections_are_closed_at_once) {
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test proxy(origin);
  tls_client fresh = proxy.connect();
  tls_client used = proxy.connect();
  EXPECT_EQ(used.ask(get()).status, 200);
  const auto begin = std::chrono::steady_clock::now();
  proxy.server().shut_down(5s);
  EXPECT_LT(since(begin), 2s);
  for (tls_client* each : {&fresh, &used}) {
    EXPECT_EQ(each->stream().read_to_end(), "");
    EXPECT_EQ(each->stream().end(), stream_end::orderly);
  }
}

TEST(drain, u14_nobody_new_is_let_in) {
  patient_origin backend;
  proxy_under_test proxy(backend.origin);
  tls_client client = proxy.connect();
  client.send(get());
  ASSERT_TRUE(tests::eventually([&] { return !backend.origin.received().empty(); }));
  auto ended = std::async(std::launch::async, [&] { proxy.server().shut_down(5s); });
  EXPECT_TRUE(tests::eventually([&] { return !tls_client(proxy.port()).connected(); }));
  backend.told.set_value();
  EXPECT_EQ(client.answer().body, "late");
  client.stream().close();
  EXPECT_EQ(ended.wait_for(3s), std::future_status::ready);
}

TEST(drain, u14_a_request_that_is_half_here_is_still_answered) {
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  EXPECT_EQ(client.ask(get()).status, 200);
  client.send("GET / HTTP/1.1\r\nHo");
  // A second client shows that the bytes before it have been read.
  EXPECT_EQ(proxy.connect().ask(get()).status, 200);
  auto ended = std::async(std::launch::async, [&] { proxy.server().shut_down(5s); });
  EXPECT_TRUE(tests::eventually([&] { return !tls_client(proxy.port()).connected(); }));
  const http_answer answer = client.ask("st: app.test\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.has_line("Connection: close")) << answer.head;
  client.stream().close();
  EXPECT_EQ(ended.wait_for(3s), std::future_status::ready);
}

TEST(drain, u14_grace_ends_what_does_not_end_by_itself) {
  patient_origin backend;
  proxy_under_test proxy(backend.origin);
  tls_client client = proxy.connect();
  client.send(get());
  ASSERT_TRUE(tests::eventually([&] { return !backend.origin.received().empty(); }));
  const auto begin = std::chrono::steady_clock::now();
  proxy.server().shut_down(300ms);
  EXPECT_GE(since(begin), 290ms);
  EXPECT_LT(since(begin), 2s);
  EXPECT_FALSE(client.answer().complete);
  backend.told.set_value();
}

TEST(drain, u14_a_client_that_says_nothing_does_not_use_up_the_grace) {
  proxy_under_test proxy({});
  tests::byte_stream mute = tests::byte_stream::connect(proxy.port());
  tests::byte_stream half = tests::byte_stream::connect(proxy.port());
  half.write(std::string("\x16\x03\x01\x02\x00\x01", 6));
  ASSERT_TRUE(tests::eventually([&] { return proxy.server().status().connections_open == 2; }));
  const auto begin = std::chrono::steady_clock::now();
  proxy.server().shut_down(6s);
  EXPECT_LT(since(begin), 4s);
}

TEST(drain, a_server_in_full_use_can_stop_at_once) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    each.write("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    static_cast<void>(each.stream().write_until_blocked(std::string(100'000'000, 'x'), 100ms));
  });
  config::entrypoint_section section;
  section.threads = 3;
  proxy_under_test proxy(origin, section);
  std::vector<tls_client> clients;
  for (int i = 0; i < 12; ++i) {
    clients.push_back(proxy.connect());
    clients.back().send(i % 2 == 0 ? get() : "GET / HT");
  }
  tests::byte_stream mute = tests::byte_stream::connect(proxy.port());
  EXPECT_TRUE(origin.wait_for_connections(6));
  const auto begin = std::chrono::steady_clock::now();
  proxy.server().shut_down(0ms);
  EXPECT_LT(since(begin), 2s);
  EXPECT_EQ(proxy.server().status().connections_open, 0U);
}

}  // namespace
}  // namespace cardea::proxy
