// Goal: each limit of the entrypoint holds at its value, with the answer that names it.
#include "proxy/http/body_allowance.hpp"
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

TEST(limit, l05_each_size_has_its_maximum_and_its_answer) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  std::string fields;
  for (int i = 0; i < 99; ++i) fields += "X-" + std::to_string(i) + ": y\r\n";
  // "GET " + path + " HTTP/1.1" is the line.
  const std::string path = "/" + std::string(8 * 1024 - 14, 'a');
  const std::string start = get("/", "X-Big: ");
  const std::string big(32 * 1024 - start.size() - 2, 'b');
  const struct {
    const char* what;
    std::string request;
    int status;
  } cases[] = {
      {"the longest line", get(path), 200},
      {"a longer line", get(path + "a"), 414},
      {"100 fields", get("/", fields), 200},
      {"101 fields", get("/", fields + "X-Last: y\r\n"), 431},
      {"the biggest head", get("/", "X-Big: " + big + "\r\n"), 200},
      {"a bigger head", get("/", "X-Big: " + big + "b\r\n"), 431},
  };
  for (const auto& each : cases) {
    tls_client client = proxy.connect();
    const http_answer answer = client.ask(each.request);
    EXPECT_EQ(answer.status, each.status) << each.what;
    if (each.status == 200) continue;
    EXPECT_TRUE(answer.has_line("Connection: close")) << each.what;
    EXPECT_EQ(client.stream().read_to_end(), "") << each.what;
    EXPECT_EQ(client.stream().end(), stream_end::orderly) << each.what;
  }
}

TEST(limit, l05_a_limit_beyond_memory_ends_where_memory_does) {
  config::entrypoint_section section;
  section.limits.request_line_bytes_max = 1024 * 1024;
  section.limits.request_head_bytes_max = 1024 * 1024;
  section.limits.response_head_bytes_max = 1024 * 1024;
  section.limits.header_count_max = 10'000;
  const raw_origin origin([](raw_origin::connection& each) {
    for (std::string head = each.head(); !head.empty(); head = each.head())
      each.write(
          ok("ok", "X-Big: " + std::string(head.starts_with("GET /big") ? 100'000 : 60'000, 'a') + "\r\n"));
  });
  const proxy_under_test proxy(origin, section);
  EXPECT_EQ(proxy.connect().ask(get("/", "X-Big: " + std::string(60'000, 'a') + "\r\n")).status, 200);
  EXPECT_EQ(proxy.connect().ask(get("/", "X-Big: " + std::string(100'000, 'a') + "\r\n")).status, 431);
  EXPECT_EQ(proxy.connect().ask(get("/" + std::string(100'000, 'a'))).status, 414);
  std::string fields;
  for (int i = 0; i < 200; ++i) fields += "X-" + std::to_string(i) + ": y\r\n";
  EXPECT_EQ(proxy.connect().ask(get("/", fields)).status, 431);
  EXPECT_EQ(proxy.connect().ask(get("/big")).status, 502);
}

TEST(limit, s22_trailers_have_a_maximum) {
  const raw_origin origin([](raw_origin::connection& each) { each.record(each.stream().read_to_end()); });
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  client.send("POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
  const std::string line = "X-Trailer: " + std::string(1000, 'x') + "\r\n";
  for (int i = 0; i < 20; ++i) client.send(line);
  EXPECT_EQ(client.answer().status, 431);
}

TEST(limit, l01_a_head_has_only_so_much_time_however_it_drips) {
  config::entrypoint_section section;
  section.limits.request_head_timeout = 300ms;
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin, section);
  tls_client client = proxy.connect();
  const auto begin = std::chrono::steady_clock::now();
  client.send("GET / HTTP/1.1\r\nHost: app.test\r\nX: ");
  while (client.stream().stays_silent(20ms) && std::chrono::steady_clock::now() - begin < 5s)
    client.send("y");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s) << "each byte put the deadline off";
  const http_answer answer = client.answer();
  EXPECT_EQ(answer.status, 408);
  EXPECT_TRUE(answer.has_line("Connection: close")) << answer.head;
  EXPECT_EQ(client.stream().read_to_end(), "");
  EXPECT_EQ(origin.received(), "");
}

TEST(limit, l04_an_idle_connection_is_closed_without_a_word) {
  config::entrypoint_section section;
  section.limits.keep_alive_timeout = 200ms;
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test proxy(origin, section);
  tls_client fresh = proxy.connect();
  tls_client used = proxy.connect();
  EXPECT_EQ(used.ask(get()).status, 200);
  EXPECT_EQ(fresh.stream().read_to_end(), "");
  EXPECT_EQ(used.stream().read_to_end(), "");
  EXPECT_NE(used.stream().end(), stream_end::timed_out);
  EXPECT_TRUE(tests::eventually([&] { return proxy.server().status().connections_open == 0; }));
}

TEST(limit, l04_a_request_starts_the_idle_time_anew) {
  config::entrypoint_section section;
  section.limits.keep_alive_timeout = 600ms;
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin, section);
  tls_client client = proxy.connect();
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(client.ask(get()).status, 200) << i;
    EXPECT_TRUE(client.stream().stays_silent(200ms)) << i;
  }
}

TEST(limit, l08_connections_beyond_the_maximum_wait_for_a_place) {
  config::entrypoint_section section;
  section.limits.connections_max = 3;
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    each.stall();
  });
  proxy_under_test proxy(origin, section);
  std::vector<tls_client> guests;
  for (int i = 0; i < 3; ++i) {
    guests.push_back(proxy.connect());
    guests.back().send(get());
  }
  EXPECT_TRUE(origin.wait_for_connections(3)) << "all are busy";
  tests::byte_stream waiting = tests::byte_stream::connect(proxy.port());
  waiting.write("GET / HTTP/1.1\r\n\r\n");  // not TLS, so that an answer comes at once when it is let in
  EXPECT_TRUE(waiting.stays_silent(300ms));
  EXPECT_EQ(proxy.server().status().connections_open, 3U);
  guests.back().stream().reset();
  EXPECT_EQ(tests::read_answer(waiting).status, 400) << "there is a place now";
}

TEST(limit, l04_in_a_full_house_who_idles_longest_makes_room) {
  config::entrypoint_section section;
  section.limits.connections_max = 3;
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test proxy(origin, section);
  std::vector<tls_client> guests;
  for (int i = 0; i < 3; ++i) {
    guests.push_back(proxy.connect());
    EXPECT_EQ(guests.back().ask(get()).status, 200);
  }
  EXPECT_EQ(guests[0].ask(get()).status, 200) << "so that the second one idles longest";
  tls_client next = proxy.connect();
  EXPECT_EQ(next.ask(get()).status, 200);
  EXPECT_EQ(guests[1].stream().read_to_end(), "");
  EXPECT_EQ(guests[1].stream().end(), stream_end::orderly);
  EXPECT_EQ(guests[0].ask(get()).status, 200);
  EXPECT_EQ(guests[2].ask(get()).status, 200);
  EXPECT_GE(proxy.server().status().connections_evicted, 1U);
}

TEST(limit, l04_an_unfinished_head_makes_room_too) {
  config::entrypoint_section section;
  section.limits.connections_max = 1;
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test proxy(origin, section);
  tls_client slow = proxy.connect();
  slow.send("GET / HTTP/1.1\r\nHost:");
  EXPECT_TRUE(slow.stream().stays_silent(50ms));
  EXPECT_EQ(proxy.connect().ask(get()).status, 200);
  EXPECT_EQ(slow.stream().read_to_end(), "");
  EXPECT_NE(slow.stream().end(), stream_end::timed_out);
}

TEST(limit, l09_with_most_of_the_memory_in_use_new_requests_are_told_to_come_later) {
  config::entrypoint_section section;
  section.limits.buffer_memory_max = 16 * net::buffer_pool::buffer_bytes;
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    each.stall();
  });
  proxy_under_test proxy(origin, section);
  std::vector<tls_client> guests;
  // Each holds a buffer for what it has sent and one for what the backend has not taken.
  bool shed = false;
  for (int i = 0; i < 40 && !shed; ++i) {
    guests.push_back(proxy.connect());
    guests.back().send("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 100000000\r\n\r\n");
    static_cast<void>(guests.back().stream().write_until_blocked(std::string(8'000'000, 'x'), 50ms));
    shed = proxy.server().status().requests_shed > 0;
  }
  ASSERT_TRUE(shed);
  const http_answer answer = guests.back().answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_TRUE(answer.has("Retry-After")) << answer.head;
  guests.clear();
  EXPECT_TRUE(tests::eventually([&] { return proxy.server().status().connections_open == 0; }));
  tls_client later = proxy.connect();
  later.send(get());
  EXPECT_TRUE(later.stream().stays_silent(50ms)) << "it is passed on again, and this backend never answers";
}

TEST(limit, what_comes_behind_a_last_answer_is_read_for_so_long_only) {
  config::entrypoint_section section;
  section.limits.linger_timeout = 200ms;
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test proxy(origin, section);
  tls_client client = proxy.connect();
  EXPECT_EQ(client.ask("nonsense\r\n\r\n").status, 400);
  for (int i = 0; i < 500 && proxy.server().status().connections_open > 0; ++i)
    if (!client.send("more") || !client.stream().stays_silent(10ms)) break;
  EXPECT_TRUE(tests::eventually([&] { return proxy.server().status().connections_open == 0; }));
}

TEST(limit, l08_one_client_has_only_so_many_connections) {
  config::entrypoint_section section;
  section.limits.connections_per_client_max = 2;
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test proxy(origin, section);
  tls_client first = proxy.connect();
  {
    tls_client second = proxy.connect();
    tls_client third(proxy.port());
    EXPECT_FALSE(third.connected());
    EXPECT_EQ(proxy.server().status().connections_refused, 1U);
    EXPECT_EQ(first.ask(get()).status, 200);
    EXPECT_EQ(second.ask(get()).status, 200);
  }
  EXPECT_TRUE(tests::eventually([&] { return proxy.server().status().connections_open == 1; }));
  EXPECT_EQ(proxy.connect().ask(get()).status, 200) << "there is a place again";
}

std::string post(const std::string& fields) { return "POST / HTTP/1.1\r\nHost: app.test\r\n" + fields + "\r\n"; }

TEST(limit, l06_a_body_that_announces_too_much_is_refused_before_it_is_read) {
  config::entrypoint_section section;
  section.limits.request_body_bytes_max = 1'000;
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin, section);
  EXPECT_EQ(proxy.connect().ask(post("Content-Length: 1000\r\n") + std::string(1'000, 'x')).status, 200);
  const std::string seen = origin.received();
  tls_client client = proxy.connect();
  const http_answer answer = client.ask(post("Content-Length: 1001\r\nExpect: 100-continue\r\n"));
  EXPECT_EQ(answer.status, 413) << "and no 100 Continue";
  EXPECT_TRUE(answer.has_line("Connection: close")) << answer.head;
  EXPECT_EQ(client.stream().read_to_end(), "");
  EXPECT_EQ(origin.received(), seen) << "the backend was not asked";
}

TEST(limit, l06_a_body_of_chunks_is_cut_off_where_it_becomes_too_much) {
  config::entrypoint_section section;
  section.limits.request_body_bytes_max = 1'000;
  const raw_origin origin([](raw_origin::connection& each) {
    const bool whole = !each.request().head.empty();
    each.record(whole ? "[whole]" : "[cut]");
    if (whole) each.write(ok());
  });
  const proxy_under_test proxy(origin, section);
  const std::string half = "1f4\r\n" + std::string(500, 'x') + "\r\n";
  const std::string head = post("Transfer-Encoding: chunked\r\n");
  EXPECT_EQ(proxy.connect().ask(head + half + half + "0\r\n\r\n").status, 200) << "exactly the maximum";
  tls_client client = proxy.connect();
  client.send(head + half);
  EXPECT_TRUE(client.stream().stays_silent(30ms));
  client.send(half + "1\r\nx\r\n");
  const http_answer answer = client.answer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_TRUE(answer.has_line("Connection: close")) << answer.head;
  EXPECT_TRUE(origin.wait_for_ended(2));
  EXPECT_TRUE(origin.received().ends_with("[cut]")) << "the backend does not take it for a whole one";
}

TEST(limit, l06_a_route_may_take_more_or_less_than_the_others) {
  config::entrypoint_section section;
  section.limits.request_body_bytes_max = 10;
  const raw_origin origin(raw_origin::answering(ok()));
  routing::route big = tests::route_to(origin.port(), "big.test");
  big.request_body_bytes_max = http::body_limits::unlimited;
  routing::route none = tests::route_to(origin.port(), "small.test");
  none.request_body_bytes_max = 1;
  const proxy_under_test proxy({big, none, tests::route_to(origin.port())}, section);
  const auto status = [&](const std::string& host, std::size_t bytes) {
    return proxy.connect()
        .ask("POST / HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n" +
             std::string(bytes, 'x'))
        .status;
  };
  EXPECT_EQ(status("app.test", 10), 200);
  EXPECT_EQ(status("app.test", 11), 413);
  EXPECT_EQ(status("big.test", 100'000), 200);
  EXPECT_EQ(status("small.test", 2), 413);
}

TEST(limit, l02_a_body_that_drips_is_given_up_although_it_never_stops) {
  config::entrypoint_section section;
  section.limits.request_body_rate_min = 1'000;
  section.limits.request_body_grace = 200ms;
  const raw_origin origin([](raw_origin::connection& each) {
    if (each.request().body.size() >= 1'000) each.write(ok());
  });
  routing::route streaming = tests::route_to(origin.port(), "streaming.test");
  streaming.request_body_rate_min = 0;
  const proxy_under_test proxy({tests::route_to(origin.port()), streaming}, section);
  const auto drip = [&](const std::string& host, int count) {
    tls_client client = proxy.connect();
    client.send("POST / HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 1000\r\n\r\n");
    int sent = 0;
    for (; sent < count && client.stream().stays_silent(20ms); ++sent) client.send("x");
    if (sent == count) client.send(std::string(1'000 - static_cast<std::size_t>(count), 'x'));
    return std::pair(sent, client.answer().status);
  };
  const auto [sent, status] = drip("app.test", 250);
  EXPECT_EQ(status, 408);
  EXPECT_LT(sent, 100) << "given up soon after the grace";
  EXPECT_EQ(drip("streaming.test", 40), std::pair(40, 200)) << "a route may wait for ever";
}

TEST(limit, l02_a_backend_that_takes_its_time_is_not_held_against_the_client) {
  config::entrypoint_section section;
  section.limits.request_body_rate_min = 1'000'000'000;
  section.limits.request_body_grace = 150ms;
  const std::string body(8'000'000, 'x');
  const raw_origin origin([&](raw_origin::connection& each) {
    static_cast<void>(each.stream().read_until("\r\n\r\n"));
    // Longer than the grace, while all buffers on the way are full.
    std::promise<void> never;
    static_cast<void>(never.get_future().wait_for(500ms));
    static_cast<void>(each.stream().read_bytes(body.size()));
    each.write(ok());
  });
  const proxy_under_test proxy(origin, section);
  tls_client client = proxy.connect();
  EXPECT_TRUE(client.send(post("Content-Length: 8000000\r\n") + body));
  EXPECT_EQ(client.answer().status, 200);
}

TEST(limit, idle_backend_connections_are_kept_up_to_a_maximum) {
  config::entrypoint_section section;
  section.limits.backend_idle_max = 2;
  const raw_origin origin([](raw_origin::connection& each) {
    while (!each.request().head.empty()) {
      if (!each.stream().stays_silent(50ms)) return;  // so that all four are in use at once
      each.write(ok());
    }
  });
  const proxy_under_test proxy(origin, section);
  std::vector<tls_client> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(proxy.connect());
  for (tls_client& each : clients) each.send(get());
  for (tls_client& each : clients) EXPECT_EQ(each.answer().status, 200);
  EXPECT_EQ(origin.connections(), 4);
  EXPECT_TRUE(origin.wait_for_ended(2)) << "two are kept, two are closed";
  for (tls_client& each : clients) EXPECT_EQ(each.ask(get()).status, 200);
  EXPECT_EQ(origin.connections(), 4) << "one after the other, the kept ones are enough";
}

}  // namespace
}  // namespace cardea::proxy
