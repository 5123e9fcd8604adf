// Goal: a WebSocket over HTTP/2 (RFC 8441) reaches a backend that knows HTTP/1.1 only (H10).
#include "tests/support/http2_client.hpp"
#include "tests/support/proxy_under_test.hpp"

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using tests::h2_answer;
using tests::h2_fields;
using tests::h2_frame;
using tests::http2_client;
using tests::ok;
using tests::proxy_under_test;
using tests::raw_origin;
namespace h2 = tests::h2;

const std::string accepted =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: chat\r\n\r\n";

h2_fields extended_connect(const std::string& protocol = "websocket", const h2_fields& more = {}) {
  h2_fields out{{":method", "CONNECT"},   {":protocol", protocol}, {":scheme", "https"},
                {":authority", "app.test"}, {":path", "/chat?a=b"},  {"sec-websocket-version", "13"},
                {"sec-websocket-protocol", "chat"}};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

void read_body(http2_client& client, std::uint32_t stream, std::size_t bytes) {
  while (client.state(stream).body.size() < bytes && !client.state(stream).complete && !client.state(stream).reset)
    if (client.next().type == 0xff) return;
}

TEST(http2_tunnel, h10_an_extended_connect_becomes_an_upgrade) {
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
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, extended_connect(), false) + http2_client::data(1, "early\n"));
  std::string expected = "firstecho early\n";
  read_body(client, 1, expected.size());
  EXPECT_EQ(client.state(1).status, 200);
  EXPECT_EQ(client.state(1).fields, (h2_fields{{":status", "200"}, {"sec-websocket-protocol", "chat"}}));
  for (int i = 0; i < 50; ++i) {
    const std::string line = std::to_string(i) + std::string(static_cast<std::size_t>(i) * 100, '.') + "\n";
    client.send(http2_client::data(1, line));
    expected += "echo " + line;
    read_body(client, 1, expected.size());
    client.send(http2_client::window_update(1, 5'000) + http2_client::window_update(0, 5'000));
  }
  EXPECT_EQ(client.state(1).body, expected);
  const std::string seen = origin.received();
  EXPECT_TRUE(seen.starts_with("GET /chat?a=b HTTP/1.1\r\nHost: app.test\r\n")) << seen;
  EXPECT_NE(seen.find("\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("\r\nsec-websocket-version: 13\r\n"), std::string::npos) << seen;
  const auto key = seen.find("\r\nsec-websocket-key: ");
  ASSERT_NE(key, std::string::npos) << seen;
  EXPECT_EQ(seen.substr(key + 21 + 22, 4), "==\r\n") << seen;
  EXPECT_EQ(seen.find("Transfer-Encoding"), std::string::npos) << seen;
}

TEST(http2_tunnel, h10_each_handshake_has_a_nonce_of_its_own) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    each.write(accepted);
    static_cast<void>(each.stream().read_to_end());
  });
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  for (const std::uint32_t stream : {1U, 3U}) {
    client.send(http2_client::headers(stream, extended_connect(), false));
    while (client.state(stream).status == 0) ASSERT_NE(client.next().type, 0xff);
  }
  const std::string seen = origin.received();
  const auto first = seen.find("sec-websocket-key: ");
  const auto second = seen.find("sec-websocket-key: ", first + 1);
  ASSERT_NE(second, std::string::npos);
  EXPECT_NE(seen.substr(first, 43), seen.substr(second, 43));
}

TEST(http2_tunnel, h10_an_answer_that_is_no_upgrade_opens_nothing) {
  const raw_origin origin(raw_origin::answering(ok("not a tunnel")));
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, extended_connect(), false));
  EXPECT_EQ(client.answer(1).status, 502) << "a 200 would pass for an open tunnel";
  const raw_origin refusing(raw_origin::answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"));
  const proxy_under_test other(refusing);
  http2_client second(other.port());
  second.send(http2_client::headers(1, extended_connect(), false));
  const h2_answer got = second.answer(1);
  EXPECT_EQ(got.status, 403);
  EXPECT_EQ(got.body, "no");
}

TEST(http2_tunnel, h10_only_what_can_be_an_upgrade_is_tried) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, extended_connect("connect-udp"), false));
  EXPECT_EQ(client.answer(1).status, 501);
  client.send(http2_client::headers(3, extended_connect("websocket", {{"content-length", "3"}}), false));
  EXPECT_EQ(client.answer(3).reset.value_or(0), h2::protocol_error);
  h2_fields without_path = extended_connect();
  std::erase_if(without_path, [](const auto& each) { return each.first == ":path"; });
  client.send(http2_client::headers(5, without_path, false));
  EXPECT_EQ(client.answer(5).reset.value_or(0), h2::protocol_error);
  EXPECT_EQ(origin.received(), "");
}

TEST(http2_tunnel, u08_each_side_may_end_while_the_other_goes_on) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    each.write(accepted);
    const std::string all = each.stream().read_to_end();
    each.write("got " + all);
  });
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, extended_connect(), false) + http2_client::data(1, "everything", true));
  const h2_answer got = client.answer(1);
  EXPECT_EQ(got.body, "got everything");
  EXPECT_TRUE(got.complete);
}

TEST(http2_tunnel, a_side_that_dies_ends_the_other) {
  const raw_origin origin([](raw_origin::connection& each) {
    const std::string head = each.head();
    each.write(accepted);
    if (each.number() == 1) return each.stream().reset();
    static_cast<void>(each.stream().read_to_end());
  });
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, extended_connect(), false));
  EXPECT_TRUE(client.answer(1).reset) << "the backend died";
  client.send(http2_client::headers(3, extended_connect(), false));
  while (client.state(3).status == 0) ASSERT_NE(client.next().type, 0xff);
  client.send(http2_client::reset(3));
  EXPECT_TRUE(origin.wait_for_ended(2)) << "the client went away";
  EXPECT_TRUE(client.settle());
}

TEST(http2_tunnel, much_passes_both_ways_beside_requests) {
  constexpr std::size_t size = 990'000;
  // Less than half of the window that the proxy grants: the other half may be on its way back.
  constexpr std::size_t piece_bytes = 30'000;
  const raw_origin origin([](raw_origin::connection& each) {
    const std::string head = each.head();
    if (head.starts_with("GET /plain")) {
      each.write(ok());
      return;
    }
    each.write(accepted);
    for (std::size_t echoed = 0; echoed < size;) {
      const std::string piece = each.stream().read_bytes(10'000);
      if (piece.empty() || !each.write(piece)) return;
      echoed += piece.size();
    }
    each.stall();
  });
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, extended_connect(), false));
  std::string data;
  for (std::size_t i = 0; data.size() < size; ++i) data += std::to_string(i) + ";";
  data.resize(size);
  std::uint32_t stream = 3;
  for (std::size_t at = 0; at < size; at += piece_bytes) {
    client.send(http2_client::data(1, std::string_view(data).substr(at, piece_bytes)));
    read_body(client, 1, at + piece_bytes);
    client.send(http2_client::window_update(1, piece_bytes) + http2_client::window_update(0, piece_bytes));
    if (at % 120'000 == 0) {
      EXPECT_EQ(client.ask(stream, http2_client::request("GET", "/plain")).status, 200);
      stream += 2;
    }
  }
  EXPECT_EQ(client.state(1).body.size(), data.size());
  EXPECT_TRUE(client.state(1).body == data);
}

}  // namespace
}  // namespace cardea::proxy
