// Goal: bodies of any size pass both ways at once, and a side that does not read
// holds the other one back instead of filling memory.
#include "tests/support/proxy_under_test.hpp"

#include <ctime>

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using tests::get;
using tests::http_answer;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::stream_end;
using tests::tls_client;

constexpr std::size_t mebibyte = 1024 * 1024;

/// Bytes whose order shows: no two 4-byte groups at the same distance are alike.
std::string numbered(std::size_t size) {
  std::string out;
  for (std::size_t i = 0; out.size() < size; ++i) out += std::to_string(i) + ";";
  out.resize(size);
  return out;
}

std::string post(std::size_t size) {
  return "POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
}

/// CPU time of this process while `client` hears nothing for 300 ms.
std::chrono::milliseconds cpu_time_of_a_pause(tls_client& client) {
  const std::clock_t begin = std::clock();
  EXPECT_TRUE(client.stream().stays_silent(300ms));
  return std::chrono::milliseconds((std::clock() - begin) * 1000 / CLOCKS_PER_SEC);
}

TEST(body, eight_mebibytes_pass_up_and_then_down) {
  const std::string body = numbered(8 * mebibyte);
  const raw_origin origin([](raw_origin::connection& each) {
    while (true) {
      const auto request = each.request();
      if (request.head.empty()) return;
      each.write(tests::ok(request.body));
    }
  });
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  for (int round = 0; round < 2; ++round) {
    client.send(post(body.size()) + body);
    const http_answer answer = client.answer();
    EXPECT_TRUE(answer.complete);
    EXPECT_TRUE(answer.body == body) << answer.body.size();
  }
  EXPECT_EQ(origin.connections(), 1);
}

TEST(body, eight_mebibytes_pass_both_ways_at_once) {
  const std::string body = numbered(8 * mebibyte);
  const raw_origin origin([&body](raw_origin::connection& each) {
    each.head();
    each.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n");
    for (std::size_t echoed = 0; echoed < body.size();) {
      const std::string piece =
          each.stream().read_bytes(std::min<std::size_t>(16 * 1024, body.size() - echoed));
      if (piece.empty() || !each.write(piece)) return;
      echoed += piece.size();
    }
    EXPECT_EQ(each.stream().read_to_end(), "");
  });
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  client.send(post(body.size()));
  const std::string head = client.stream().read_until("\r\n\r\n");
  ASSERT_TRUE(head.starts_with("HTTP/1.1 200 ")) << head;
  const std::string echo = client.stream().write_and_read(body, body.size());
  EXPECT_TRUE(echo == body) << echo.size() << " bytes came back";
}

TEST(body, chunks_pass_both_ways_at_once) {
  constexpr int count = 2000;
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    each.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < count; ++i) {
      const std::string piece = each.stream().read_until("|");
      if (!piece.ends_with("|")) return;
      const std::string data = "<" + std::to_string(i) + ">";
      char size[8];
      std::snprintf(size, sizeof size, "%zx", data.size());
      each.write(std::string(size) + "\r\n" + data + "\r\n");
    }
    each.write("0\r\n\r\n");
    each.stall();
  });
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  client.send("POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::string expected;
  for (int i = 0; i < count; ++i) expected += "<" + std::to_string(i) + ">";
  const std::string first_head = client.stream().read_until("\r\n\r\n");
  EXPECT_TRUE(first_head.starts_with("HTTP/1.1 200 ")) << first_head;
  // Each answer is waited for: a side that waits for the other's end would hang here.
  for (int i = 0; i < count; ++i) {
    ASSERT_TRUE(client.send("4\r\nabc|\r\n"));
    const std::string mark = "<" + std::to_string(i) + ">";
    ASSERT_NE(client.stream().read_until(mark).find(mark), std::string::npos) << i;
  }
}

TEST(body, a_backend_that_does_not_read_holds_the_client_back) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    each.stall();
  });
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  constexpr std::size_t size = 64 * mebibyte;
  client.send(post(size));
  const std::size_t sent = client.stream().write_until_blocked(std::string(size, 'x'), 500ms);
  // The kernel's buffers of two connections take most of it; ours are some pooled ones.
  EXPECT_GT(sent, 64U * 1024);
  EXPECT_LT(sent, 24 * mebibyte);
  EXPECT_LT(cpu_time_of_a_pause(client), 100ms)
      << "it waits for the backend, it does not ask again and again";
}

TEST(body, a_client_that_does_not_read_holds_the_backend_back) {
  constexpr std::size_t size = 64 * mebibyte;
  std::atomic<std::size_t> taken{0};
  const raw_origin origin([&taken](raw_origin::connection& each) {
    each.head();
    each.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
    taken = each.stream().write_until_blocked(std::string(size, 'x'), 500ms);
  });
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect({.receive_bytes = 4096});
  client.send(get());
  ASSERT_TRUE(origin.wait_for_ended(1));
  EXPECT_GT(taken, 64U * 1024);
  EXPECT_LT(taken, 24 * mebibyte);
  tls_client other = proxy.connect();
  EXPECT_LT(cpu_time_of_a_pause(other), 100ms) << "it waits for the client, it does not ask again and again";
}

TEST(body, a_slow_reader_gets_every_byte) {
  const std::string body = numbered(2 * mebibyte);
  const raw_origin origin(raw_origin::answering(tests::ok(body)));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect({.receive_bytes = 4096});
  client.send(get());
  const std::string head = client.stream().read_until("\r\n\r\n");
  ASSERT_TRUE(head.starts_with("HTTP/1.1 200 ")) << head;
  std::string got;
  while (got.size() < body.size()) {
    const std::string piece =
        client.stream().read_bytes(std::min<std::size_t>(50'000, body.size() - got.size()));
    if (piece.empty()) break;
    got += piece;
    std::this_thread::yield();
  }
  EXPECT_TRUE(got == body) << got.size();
}

TEST(body, u04_an_answer_before_the_end_of_the_upload_is_relayed_and_neither_connection_goes_on) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    each.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig");
    each.record(each.stream().read_to_end());
  });
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  const http_answer answer = client.ask(post(mebibyte) + std::string(1000, 'x'));
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.body, "big");
  EXPECT_TRUE(answer.has_line("Connection: close")) << answer.head;
  EXPECT_TRUE(origin.wait_for_ended(1)) << "the upload cannot end, so the backend's connection must";
  EXPECT_EQ(client.stream().read_to_end(), "");
  EXPECT_EQ(client.stream().end(), stream_end::orderly);
}

TEST(body, u04_an_answer_survives_the_reset_behind_it) {
  // Closing with the upload unread makes the backend's kernel send a reset.
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    each.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig");
  });
  const proxy_under_test proxy(origin);
  for (int i = 0; i < 40; ++i) {
    tls_client client = proxy.connect();
    client.send(post(mebibyte));
    const std::string answer = client.stream().write_and_read(std::string(100'000, 'x'), 100'000);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << i << ": " << answer.substr(0, 60);
    EXPECT_TRUE(answer.ends_with("big")) << i << ": " << answer.substr(0, 60);
  }
}

TEST(body, s32_an_answer_instead_of_the_expected_body_ends_both_connections) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    each.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
    each.record(each.stream().read_to_end());
  });
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  client.send("POST / HTTP/1.1\r\nHost: app.test\r\nExpect: 100-continue\r\nContent-Length: 30\r\n\r\n");
  http_answer answer = client.answer();
  if (answer.status == 100) answer = client.answer();
  EXPECT_EQ(answer.status, 401);
  EXPECT_TRUE(answer.has_line("Connection: close")) << answer.head;
  client.send("GET /smuggled HTTP/1.1\r\nHost: app.test\r\n\r\n");
  EXPECT_EQ(client.stream().read_to_end(), "");
  EXPECT_TRUE(origin.wait_for_ended(1)) << "never pooled";
}

TEST(body, l02_an_upload_that_stops_is_given_up) {
  const raw_origin origin([](raw_origin::connection& each) { each.record(each.stream().read_to_end()); });
  config::entrypoint_section section;
  section.limits.body_progress_timeout = 200ms;
  const proxy_under_test proxy(origin, section);
  tls_client client = proxy.connect();
  const http_answer answer = client.ask(post(1000) + "some");
  EXPECT_EQ(answer.status, 408);
  EXPECT_TRUE(answer.has_line("Connection: close")) << answer.head;
  EXPECT_TRUE(origin.wait_for_ended(1));
}

TEST(body, l02_a_backend_that_stops_reading_is_to_blame_not_the_client) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    each.stall();
  });
  config::entrypoint_section section;
  section.limits.body_progress_timeout = 300ms;
  const proxy_under_test proxy(origin, section);
  tls_client client = proxy.connect();
  constexpr std::size_t size = 64 * mebibyte;
  client.send(post(size));
  // It goes on sending all the time, so that it is never the one who is waited for.
  const std::string answer = client.stream().write_and_read(std::string(size, 'x'), size);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 504 ")) << answer.substr(0, 100);
}

TEST(body, l03_a_reader_that_stopped_is_given_up) {
  const std::string body(8 * mebibyte, 'x');
  const raw_origin origin([&body](raw_origin::connection& each) {
    each.head();
    each.write(tests::ok(body));
    each.record(each.stream().read_to_end());
  });
  config::entrypoint_section section;
  section.limits.body_progress_timeout = 300ms;
  proxy_under_test proxy(origin, section);
  tls_client client = proxy.connect({.receive_bytes = 4096});
  client.send(get());
  EXPECT_TRUE(tests::eventually([&] { return proxy.server().status().connections_open == 0; }));
  EXPECT_TRUE(origin.wait_for_ended(1));
  EXPECT_FALSE(client.answer().complete);
}

}  // namespace
}  // namespace cardea::proxy
