// Goal: an HTTP/2 connection ends in time and in order (U14), and no request is lost by it.
#include "tests/support/http2_client.hpp"
#include "tests/support/proxy_under_test.hpp"

#include <future>

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using tests::h2_frame;
using tests::http2_client;
using tests::ok;
using tests::proxy_under_test;
using tests::raw_origin;
namespace h2 = tests::h2;

TEST(http2_drain, u14_the_end_is_announced_then_settled_and_streams_finish) {
  std::promise<void> told;
  const std::shared_future<void> go = told.get_future().share();
  const raw_origin origin([go](raw_origin::connection& each) {
    for (std::string head = each.request().head; !head.empty(); head = each.request().head) {
      if (head.starts_with("GET /slow")) go.wait_for(tests::byte_stream::patience);
      each.write(ok("late"));
    }
  });
  proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, http2_client::request("GET", "/slow")));
  ASSERT_TRUE(origin.wait_for_connections(1));
  auto ended = std::async(std::launch::async, [&] { proxy.server().shut_down(5s); });
  const h2_frame first = client.await(h2::goaway);
  EXPECT_EQ(first.number(), 0x7fffffffU);
  EXPECT_EQ(first.number(4), h2::no_error);
  const h2_frame ping = client.await(h2::ping);
  // Sent before the client knew: it is served.
  EXPECT_EQ(client.ask(3, http2_client::request()).body, "late");
  client.send(http2_client::frame(h2::ping, h2::ack, 0, ping.payload));
  const h2_frame last = client.await(h2::goaway);
  EXPECT_EQ(last.number(), 3U);
  client.send(http2_client::headers(5, http2_client::request()));
  told.set_value();
  EXPECT_EQ(client.answer(1).body, "late");
  EXPECT_EQ(client.goaway(), std::nullopt);
  EXPECT_EQ(client.state(5).status, 0) << "beyond the last that was promised";
  EXPECT_EQ(client.stream().end(), tests::stream_end::orderly);
  client.stream().close();
  EXPECT_EQ(ended.wait_for(3s), std::future_status::ready);
}

TEST(http2_drain, u14_a_client_that_does_not_acknowledge_is_not_waited_for) {
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  EXPECT_EQ(client.ask(1, http2_client::request()).status, 200);
  const auto begin = std::chrono::steady_clock::now();
  auto ended = std::async(std::launch::async, [&] { proxy.server().shut_down(10s); });
  EXPECT_EQ(client.goaway().value_or(99), h2::no_error);
  client.stream().close();
  ended.wait();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);
}

TEST(http2_drain, u14_grace_ends_what_does_not_end_by_itself) {
  const raw_origin origin([](raw_origin::connection& each) {
    static_cast<void>(each.request());
    each.stall();
  });
  proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  for (std::uint32_t stream = 1; stream < 41; stream += 2)
    client.send(http2_client::headers(stream, http2_client::request("POST"), false));
  ASSERT_TRUE(client.settle());
  const auto begin = std::chrono::steady_clock::now();
  proxy.server().shut_down(300ms);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 290ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
  EXPECT_EQ(proxy.server().status().connections_open, 0U);
}

TEST(http2_drain, l04_an_idle_connection_is_told_and_closed) {
  config::entrypoint_section section;
  section.limits.keep_alive_timeout = 300ms;
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test proxy(origin, section);
  http2_client used(proxy.port());
  http2_client fresh(proxy.port());
  EXPECT_EQ(used.ask(1, http2_client::request()).status, 200);
  for (http2_client* each : {&used, &fresh}) {
    EXPECT_EQ(each->goaway().value_or(99), h2::no_error);
    EXPECT_EQ(each->stream().end(), tests::stream_end::orderly);
    each->stream().close();
  }
  EXPECT_TRUE(tests::eventually([&] { return proxy.server().status().connections_open == 0; }));
}

TEST(http2_drain, l04_pings_do_not_keep_an_idle_connection) {
  config::entrypoint_section section;
  section.limits.keep_alive_timeout = 400ms;
  const proxy_under_test proxy({}, section);
  http2_client client(proxy.port());
  const auto begin = std::chrono::steady_clock::now();
  while (client.settle() && std::chrono::steady_clock::now() - begin < 5s) {
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

TEST(http2_drain, l01_a_client_that_never_says_hello_is_closed) {
  config::entrypoint_section section;
  section.limits.request_head_timeout = 300ms;
  const proxy_under_test proxy({}, section);
  tests::tls_client mute(proxy.port(), {.protocols = std::string("\x02h2", 3)});
  ASSERT_TRUE(mute.connected());
  static_cast<void>(mute.stream().read_to_end());
  EXPECT_NE(mute.stream().end(), tests::stream_end::timed_out);
}

}  // namespace
}  // namespace cardea::proxy
