// Goal: each limit of the entrypoint holds at its value, with the answer that names it.
#include "tests/support/proxy_under_test.hpp"

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
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test proxy(origin, section);
  std::vector<tls_client> guests;
  for (int i = 0; i < 3; ++i) guests.push_back(proxy.connect());
  for (tls_client& each : guests) EXPECT_EQ(each.ask(get()).status, 200);
  tests::byte_stream waiting = tests::byte_stream::connect(proxy.port());
  waiting.write("GET / HTTP/1.1\r\n\r\n");  // not TLS, so that an answer comes at once when it is let in
  EXPECT_TRUE(waiting.stays_silent(300ms));
  EXPECT_EQ(proxy.server().status().connections_open, 3U);
  guests.pop_back();
  EXPECT_EQ(tests::read_answer(waiting).status, 400) << "there is a place now";
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
