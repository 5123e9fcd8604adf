// Goal: after an accepted upgrade both sides have a plain pipe, and only after one.
#include "tests/support/proxy_under_test.hpp"

#include <ctime>

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

const std::string upgrade_request =
    get("/socket", "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
const std::string accepted =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: "
    "x\r\n\r\n";

TEST(tunnel, s38_bytes_pass_both_ways_after_a_101) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    each.write(accepted + "first");
    while (true) {
      const std::string line = each.stream().read_until("\n");
      if (line.empty()) return;
      each.write("echo " + line);
    }
  });
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  client.send(upgrade_request + "early\n");
  const http_answer answer = client.answer();
  EXPECT_EQ(answer.status, 101);
  EXPECT_TRUE(answer.has_line("Connection: upgrade")) << answer.head;
  EXPECT_TRUE(answer.has_line("Upgrade: websocket")) << answer.head;
  EXPECT_TRUE(answer.has_line("Sec-WebSocket-Accept: x")) << answer.head;
  EXPECT_FALSE(answer.has("Transfer-Encoding")) << answer.head;
  EXPECT_EQ(client.stream().read_until("\n"), "firstecho early\n");
  for (int i = 0; i < 100; ++i) {
    const std::string line = std::to_string(i) + std::string(static_cast<std::size_t>(i) * 100, '.') + "\n";
    client.send(line);
    ASSERT_EQ(client.stream().read_until("\n"), "echo " + line);
  }
  const std::string seen = origin.received();
  EXPECT_NE(seen.find("\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("\r\nSec-WebSocket-Version: 13\r\n"), std::string::npos) << seen;
}

TEST(tunnel, much_passes_both_ways_at_once) {
  constexpr std::size_t size = 8 * 1024 * 1024;
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    each.write(accepted);
    for (std::size_t echoed = 0; echoed < size;) {
      const std::string piece = each.stream().read_bytes(16 * 1024);
      if (piece.empty() || !each.write(piece)) return;
      echoed += piece.size();
    }
    each.stall();
  });
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  ASSERT_EQ(client.ask(upgrade_request).status, 101);
  std::string data;
  for (std::size_t i = 0; data.size() < size; ++i) data += std::to_string(i) + ";";
  data.resize(size);
  EXPECT_TRUE(client.stream().write_and_read(data, size) == data);
}

TEST(tunnel, u08_the_clients_end_reaches_the_backend_which_may_go_on) {
  for (const bool with_fin : {true, false}) {
    const raw_origin origin([](raw_origin::connection& each) {
      each.head();
      each.write(accepted);
      const std::string all = each.stream().read_to_end();
      each.record(each.stream().end() == stream_end::orderly ? "" : "(no end came)");
      each.write("got " + all);
    });
    const proxy_under_test proxy(origin);
    tls_client client = proxy.connect();
    ASSERT_EQ(client.ask(upgrade_request).status, 101);
    client.send("last words");
    if (with_fin)
      client.stream().end_writing();
    else
      client.stream().send_close_notify();
    EXPECT_EQ(client.stream().read_to_end(), "got last words") << "with FIN: " << with_fin;
    EXPECT_EQ(client.stream().end(), stream_end::orderly);
    EXPECT_EQ(origin.received().find("(no end came)"), std::string::npos);
  }
}

TEST(tunnel, u08_the_backends_end_reaches_the_client_which_may_go_on) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    each.write(accepted + "bye");
    each.stream().end_writing();
    each.record(each.stream().read_to_end());
  });
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  ASSERT_EQ(client.ask(upgrade_request).status, 101);
  EXPECT_EQ(client.stream().read_to_end(), "bye");
  EXPECT_EQ(client.stream().end(), stream_end::orderly);
  tls_client other = proxy.connect();
  const std::clock_t begin = std::clock();
  EXPECT_TRUE(other.stream().stays_silent(200ms));
  EXPECT_LT((std::clock() - begin) * 1000 / CLOCKS_PER_SEC, 100) << "CPU time of a tunnel that is half open";
  client.send("one more thing");
  client.stream().end_writing();
  ASSERT_TRUE(origin.wait_for_ended(1));
  EXPECT_TRUE(origin.received().ends_with("one more thing")) << origin.received();
}

TEST(tunnel, a_side_that_dies_ends_the_other) {
  const raw_origin origin([](raw_origin::connection& each) {
    if (!each.head().starts_with("GET")) return;
    each.write(accepted);
    if (each.number() == 1) return each.stream().reset();
    each.record(each.stream().read_to_end());
  });
  proxy_under_test proxy(origin);
  tls_client orphan = proxy.connect();
  EXPECT_EQ(orphan.ask(upgrade_request).status, 101);
  EXPECT_EQ(orphan.stream().read_to_end(), "");
  EXPECT_EQ(orphan.stream().end(), stream_end::reset) << "not the orderly end that the backend did not send";
  tls_client client = proxy.connect();
  EXPECT_EQ(client.ask(upgrade_request).status, 101);
  client.stream().reset();
  EXPECT_TRUE(origin.wait_for_ended(2));
  EXPECT_TRUE(tests::eventually([&] { return proxy.server().status().connections_open == 0; }));
}

TEST(tunnel, s38_another_answer_to_an_upgrade_is_an_answer) {
  const raw_origin origin(raw_origin::answering(
      "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nno"));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  for (int round = 0; round < 3; ++round) {
    const http_answer answer = client.ask(upgrade_request);
    EXPECT_EQ(answer.status, 426);
    EXPECT_EQ(answer.body, "no");
  }
  EXPECT_EQ(origin.connections(), 1) << "both connections still speak HTTP";
}

TEST(tunnel, s38_bytes_behind_a_refused_upgrade_are_requests) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  client.send(upgrade_request + "GET /smuggled HTTP/1.1\r\nHost: app.test\r\nContent-Length : 1\r\n\r\n");
  EXPECT_EQ(client.answer().status, 200);
  EXPECT_EQ(client.answer().status, 400);
  EXPECT_EQ(origin.received().find("smuggled"), std::string::npos);
}

TEST(tunnel, s38_a_101_for_another_protocol_opens_nothing) {
  const raw_origin origin(raw_origin::answering(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n"));
  const proxy_under_test proxy(origin);
  EXPECT_EQ(proxy.connect().ask(upgrade_request).status, 502);
}

TEST(tunnel, s38_one_of_several_protocols_may_be_chosen) {
  const raw_origin origin(raw_origin::answering(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: Two\r\n\r\n"));
  const proxy_under_test proxy(origin);
  EXPECT_EQ(proxy.connect().ask(get("/", "Connection: upgrade\r\nUpgrade: one/1, two\r\n")).status, 101);
}

TEST(tunnel, s37_h2c_is_never_tunnelled) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  EXPECT_EQ(
      client
          .ask(
              get("/", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"))
          .status,
      200);
  EXPECT_EQ(origin.received().find("h2c"), std::string::npos) << origin.received();
  EXPECT_EQ(origin.received().find("AAMAAABk"), std::string::npos) << origin.received();
}

}  // namespace
}  // namespace cardea::proxy
