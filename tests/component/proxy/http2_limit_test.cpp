// Goal: what HTTP/2 holds for its clients has a maximum, and reaching it costs one of them and not all.
#include "tests/support/http2_client.hpp"
#include "tests/support/proxy_under_test.hpp"

#include <future>

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using tests::h2_answer;
using tests::h2_frame;
using tests::http2_client;
using tests::ok;
using tests::proxy_under_test;
using tests::raw_origin;
namespace h2 = tests::h2;

TEST(http2_limit, l04_in_a_full_house_who_idles_longest_is_told_to_go) {
  config::entrypoint_section section;
  section.limits.connections_max = 2;
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test proxy(origin, section);
  http2_client first(proxy.port());
  EXPECT_EQ(first.ask(1, http2_client::request()).status, 200);
  http2_client second(proxy.port());
  EXPECT_EQ(second.ask(1, http2_client::request()).status, 200);
  EXPECT_EQ(first.ask(3, http2_client::request()).status, 200) << "so that the second one idles longest";
  http2_client next(proxy.port());
  EXPECT_EQ(next.ask(1, http2_client::request()).status, 200);
  EXPECT_EQ(second.goaway(), h2::no_error);
  EXPECT_EQ(first.ask(5, http2_client::request()).status, 200);
  EXPECT_GE(proxy.server().status().connections_evicted, 1U);
}

TEST(http2_limit, l04_who_has_a_stream_open_is_not_sent_away) {
  config::entrypoint_section section;
  section.limits.connections_max = 2;
  std::promise<void> go_on;
  const auto released = go_on.get_future().share();
  const raw_origin origin([=](raw_origin::connection& each) {
    for (std::string head = each.request().head; !head.empty(); head = each.request().head) {
      if (head.starts_with("GET /slow")) released.wait_for(5s);
      each.write(ok());
    }
  });
  proxy_under_test proxy(origin, section);
  http2_client busy(proxy.port());
  busy.send(http2_client::headers(1, http2_client::request("GET", "/slow")));
  ASSERT_TRUE(busy.settle());
  http2_client idle(proxy.port());
  EXPECT_EQ(idle.ask(1, http2_client::request()).status, 200);
  http2_client next(proxy.port());
  EXPECT_EQ(next.ask(1, http2_client::request()).status, 200);
  EXPECT_EQ(idle.goaway(), h2::no_error);
  go_on.set_value();
  EXPECT_EQ(busy.answer(1).status, 200);
}

/// Whether a request is told to come back later.
bool is_shed(const proxy_under_test& proxy) {
  http2_client late(proxy.port());
  const h2_answer answer = late.ask(1, http2_client::request());
  return answer.status == 503 && answer.value("retry-after") == "2";
}

TEST(http2_limit, l09_answers_that_nobody_reads_count_as_memory) {
  config::entrypoint_section section;
  section.limits.buffer_memory_max = 16 * net::buffer_pool::buffer_bytes;
  const raw_origin origin([](raw_origin::connection& each) {
    for (std::string head = each.request().head; !head.empty(); head = each.request().head)
      each.write(ok(head.starts_with("GET /big") ? std::string(1'000'000, 'x') : "ok"));
  });
  proxy_under_test proxy(origin, section);
  std::vector<std::unique_ptr<http2_client>> guests;
  bool shed = false;
  for (int i = 0; i < 20 && !shed; ++i) {
    guests.push_back(std::make_unique<http2_client>(proxy.port(), http2_client::setting(4, 10'000'000),
                                                    tests::tls_client_options{.receive_bytes = 4'096}));
    guests.back()->send(http2_client::window_update(0, 10'000'000) +
                        http2_client::headers(1, http2_client::request("GET", "/big")));
    // It has begun to come when its head is there.
    while (guests.back()->state(1).status == 0 && guests.back()->next().type != 0xff) continue;
    if (guests.back()->state(1).status == 503) shed = true;
  }
  EXPECT_TRUE(shed || is_shed(proxy));
  guests.clear();
  EXPECT_TRUE(tests::eventually([&] { return proxy.server().status().connections_open == 0; }));
  EXPECT_FALSE(is_shed(proxy)) << "it is given back";
}

TEST(http2_limit, l09_heads_that_wait_for_a_backend_count_as_memory) {
  config::entrypoint_section section;
  section.limits.buffer_memory_max = 1024 * 1024;
  section.limits.request_head_bytes_max = 32 * 1024;
  const raw_origin origin([](raw_origin::connection& each) {
    for (std::string head = each.request().head; !head.empty(); head = each.request().head) {
      if (head.starts_with("GET /wait")) return each.stall();
      each.write(ok());
    }
  });
  routing::route route = tests::route_to(origin.port());
  // They wait before they have a connection, so that nothing but their heads is held for them.
  route.upstream.backends[0].connections_max = 1;
  route.upstream.pending_timeout = 5'000;
  proxy_under_test proxy({route}, section);
  http2_client guest(proxy.port());
  const auto large = http2_client::request("GET", "/wait", {{"x-large", std::string(14'000, 'x')}});
  bool shed = false;
  for (std::uint32_t id = 1; id < 200 && !shed; id += 2) {
    guest.send(http2_client::headers(id, large));
    ASSERT_TRUE(guest.settle());
    shed = guest.state(id).status == 503;
  }
  EXPECT_TRUE(shed);
  EXPECT_LT(guest.state(199).status, 503) << "of a hundred heads of 14 KiB";
}

TEST(http2_limit, u04_of_an_upload_behind_its_answer_so_much_is_read_and_no_more) {
  config::entrypoint_section section;
  section.limits.linger_timeout = 20s;
  section.limits.linger_bytes_max = 100'000;
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    each.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    each.stall();
  });
  const proxy_under_test proxy(origin, section);
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, http2_client::request("POST"), false));
  EXPECT_EQ(client.answer(1).status, 403);
  // As its window is opened, that is as it is read.
  std::size_t window = 65'536;
  std::size_t sent = 0;
  while (!client.state(1).reset && sent < 200'000) {
    while (window >= 5'000) {
      client.send(http2_client::data(1, std::string(5'000, 'x')));
      window -= 5'000;
      sent += 5'000;
    }
    const h2_frame got = client.next();
    if (got.type == 0xff) break;
    if (got.type == h2::window_update && got.stream == 1) window += got.number();
  }
  EXPECT_GT(sent, 100'000U) << "below the limit it may come to its end";
  EXPECT_EQ(client.state(1).reset, h2::no_error);
}

TEST(http2_limit, what_comes_behind_a_last_frame_is_read_for_so_long_only) {
  config::entrypoint_section section;
  section.limits.linger_timeout = 200ms;
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test proxy(origin, section);
  http2_client client(proxy.port());
  client.send(http2_client::frame(h2::ping, 0, 1, "12345678"));
  EXPECT_EQ(client.goaway(), h2::protocol_error);
  EXPECT_TRUE(tests::eventually([&] { return proxy.server().status().connections_open == 0; }));
}

TEST(http2_limit, what_comes_behind_a_last_frame_is_read_up_to_so_much_only) {
  config::entrypoint_section section;
  section.limits.linger_timeout = 60s;
  section.limits.linger_bytes_max = 100'000;
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test proxy(origin, section);
  http2_client client(proxy.port());
  client.send(http2_client::frame(h2::ping, 0, 1, "12345678"));
  EXPECT_EQ(client.goaway(), h2::protocol_error);
  EXPECT_EQ(proxy.server().status().connections_open, 1U);
  for (int i = 0; i < 200 && client.send(std::string(10'000, 'x')); ++i) continue;
  EXPECT_TRUE(tests::eventually([&] { return proxy.server().status().connections_open == 0; }));
}

TEST(http2_limit, v01_a_misdirected_request_ends_its_stream_and_nothing_else) {
  config::entrypoint_section section;
  section.strict_host = true;
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin, section);
  http2_client client(proxy.port());
  const tests::h2_fields elsewhere{
      {":method", "GET"}, {":scheme", "https"}, {":authority", "other.test"}, {":path", "/"}};
  EXPECT_EQ(client.ask(1, elsewhere).status, 421);
  EXPECT_EQ(client.ask(3, http2_client::request()).status, 200) << "what the connection is for goes on";
}

}  // namespace
}  // namespace cardea::proxy
