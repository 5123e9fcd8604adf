#include "tests/unit/proxy/http1/every_split.hpp"

// What an accepted request is understood as.
namespace cardea::proxy::http1::testing {
namespace {

using namespace std::string_literals;

TEST(request_parser, understands_a_request_of_wrk) {
  const accepted_request request("GET /1k HTTP/1.1\r\nHost: bench.test:19443\r\n\r\n");
  EXPECT_EQ(request.text(request.head.method), "GET");
  EXPECT_EQ(request.text(request.head.target), "/1k");
  EXPECT_EQ(request.text(request.head.path), "/1k");
  EXPECT_EQ(request.text(request.head.host), "bench.test:19443");
  EXPECT_EQ(request.head.version, http::protocol_version::http11);
  EXPECT_EQ(request.head.framing, http::body_framing::none);
  EXPECT_EQ(request.head.head_bytes, request.bytes.size());
  EXPECT_TRUE(request.head.keep_alive);
  EXPECT_FALSE(request.head.wants_upgrade || request.head.expects_continue || request.head.is_head ||
               request.head.is_connect);
}

TEST(request_parser, understands_a_request_of_curl) {
  const accepted_request request(
      "HEAD /a?b=c HTTP/1.1\r\nHost: a.test\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n");
  EXPECT_TRUE(request.head.is_head);
  EXPECT_EQ(request.text(request.head.path), "/a?b=c");
  ASSERT_EQ(request.head.fields.size(), 3U);
  EXPECT_EQ(name_of(request.head.fields.begin()[1], request.bytes.data()), "User-Agent");
  EXPECT_EQ(value_of(request.head.fields.begin()[2], request.bytes.data()), "*/*");
}

TEST(request_parser, understands_a_request_of_a_browser) {
  const accepted_request request(
      "GET /search?q=hello+world&l=en HTTP/1.1\r\nHost: www.example.com\r\n"
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
      "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
      "Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
      "Connection: keep-alive\r\nCookie: session=0123456789abcdef; theme=dark\r\n"
      "Upgrade-Insecure-Requests: 1\r\nIf-None-Match: W/\"1\"\r\nIf-Modified-Since: x\r\n\r\n");
  EXPECT_EQ(request.head.fields.size(), 10U);
  EXPECT_TRUE(request.head.keep_alive);
  EXPECT_FALSE(request.head.wants_upgrade);
  const http::field* cookie = request.head.fields.find(http::field_id::cookie);
  ASSERT_NE(cookie, nullptr);
  EXPECT_EQ(value_of(*cookie, request.bytes.data()), "session=0123456789abcdef; theme=dark");
  EXPECT_TRUE(request.head.fields.has(http::field_id::if_none_match));
  EXPECT_FALSE(request.head.fields.has(http::field_id::upgrade));
}

TEST(request_parser, keeps_the_connection_alive_as_version_and_options_say) {
  struct row {
    const char* version;
    const char* field;
    bool kept;
  };
  for (const row& each :
       {row{"1.1", "X: close", true}, row{"1.1", "Connection: close", false},
        row{"1.1", "Connection: CLOSE", false}, row{"1.1", "Connection: x, close", false},
        row{"1.1", "Connection: keep-alive", true}, row{"1.1", "Connection:", true},
        row{"1.1", "Connection: keep-alive, close", false}, row{"1.1", "Connection: closed", true},
        row{"1.1", "Connection: a\r\nConnection: close", false}, row{"1.0", "X: y", false},
        row{"1.0", "Connection: Keep-Alive", true}, row{"1.0", "Connection: ,x ,, keep-alive,", true},
        row{"1.0", "Connection: keep-alive, close", false}, row{"1.0", "Keep-Alive: 5", false},
        row{"1.0", "Proxy-Connection: keep-alive", false}}) {
    const accepted_request request("GET / HTTP/"s + each.version + "\r\nHost: a\r\n" + each.field +
                                   "\r\n\r\n");
    EXPECT_EQ(request.head.keep_alive, each.kept) << each.version << " " << each.field;
  }
}

TEST(request_parser, refuses_a_connection_field_that_is_no_list) {
  expect_requests_refused(400, {{"quoted", get("Connection: \"close\"")},
                                {"two words", get("Connection: keep alive")},
                                {"parameter", get("Connection: close;x")},
                                {"beyond ASCII", get("Connection: clos\xe9")}});
}

TEST(request_parser, s32_only_one_100_continue_is_an_expectation) {
  const accepted_request waits(post("Content-Length: 4\r\nExpect: 100-Continue"));
  EXPECT_TRUE(waits.head.expects_continue);
  EXPECT_TRUE(
      accepted_request(post("Expect: 100-continue\r\nTransfer-Encoding: chunked")).head.expects_continue);
  EXPECT_TRUE(accepted_request(get("Content-Length: 4\r\nExpect: 100-continue")).head.expects_continue);
  expect_requests_refused(
      417, {{"prefixed", post("Expect: y 100-continue")},
            {"another", post("Expect: x")},
            {"empty", post("Expect:")},
            {"list", post("Expect: 100-continue, x")},
            {"parameter", post("Expect: 100-continue;a=b")},
            {"twice", post("Content-Length: 4\r\nExpect: 100-continue\r\nExpect: 100-continue")},
            {"then another", post("Expect: 100-continue\r\nExpect: x")}});
}

TEST(request_parser, s32_without_a_body_or_in_http10_nobody_waits) {
  EXPECT_FALSE(accepted_request(get("Expect: 100-continue")).head.expects_continue);
  EXPECT_FALSE(accepted_request(post("Expect: 100-continue\r\nContent-Length: 0")).head.expects_continue);
  EXPECT_FALSE(accepted_request("POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
                   .head.expects_continue);
}

TEST(request_parser, knows_a_websocket_upgrade) {
  const accepted_request request(
      "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
  EXPECT_TRUE(request.head.wants_upgrade);
  EXPECT_TRUE(request.head.fields.has(http::field_id::sec_websocket_version));
}

TEST(request_parser, wants_an_upgrade_only_when_both_fields_say_so) {
  EXPECT_TRUE(accepted_request(get("Upgrade: a/1, b\r\nConnection: upgrade\r\nContent-Length: 0"))
                  .head.wants_upgrade);
  for (const char* fields :
       {"Upgrade: websocket", "Connection: upgrade", "Connection: close\r\nUpgrade: websocket",
        "Connection: xupgrade\r\nUpgrade: websocket", "Connection: upgrades\r\nUpgrade: a"})
    EXPECT_FALSE(accepted_request(get(fields)).head.wants_upgrade) << fields;
  EXPECT_FALSE(accepted_request("GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
                   .head.wants_upgrade);
}

TEST(request_parser, s37_an_upgrade_to_http2_is_none) {
  for (const char* fields :
       {"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: Upgrade, HTTP2-Settings",
        "Upgrade: H2C\r\nConnection: upgrade", "Upgrade: websocket, h2c\r\nConnection: upgrade",
        "Upgrade: h2c, websocket\r\nConnection: upgrade", "Upgrade: h2c,websocket\r\nConnection: upgrade",
        "Upgrade: websocket\r\nUpgrade: h2c\r\nConnection: upgrade",
        "Upgrade: h2c\r\nUpgrade: websocket\r\nConnection: upgrade", "Upgrade: h2\r\nConnection: upgrade",
        "Upgrade: h2c/1\r\nConnection: upgrade", "Upgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 4"})
    EXPECT_FALSE(accepted_request(get(fields)).head.wants_upgrade) << fields;
}

TEST(request_parser, s38_an_upgrade_with_a_body_is_refused) {
  expect_requests_refused(
      400, {{"length", get("Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 1")},
            {"chunked", get("Transfer-Encoding: chunked\r\nConnection: upgrade\r\nUpgrade: websocket")}});
}

TEST(request_parser, s38_a_malformed_upgrade_is_refused) {
  std::vector<named_bytes> messages;
  for (const char* value : {"", "web socket", "a/", "/1", "a//1", "\"a\"", "a,", ",a", "a;b", "a/1/2"})
    messages.push_back({value, get("Connection: upgrade\r\nUpgrade: "s + value)});
  expect_requests_refused(400, messages);
}

TEST(request_parser, forgets_the_request_before) {
  const head_limits limits;
  request_parser parser(limits);
  http::request_head head;
  const std::string first =
      "HEAD http://a/ HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nContent-Length: 7\r\n\r\n";
  ASSERT_EQ(parser.parse(first, head), parse_status::done);
  parser.reset();
  ASSERT_EQ(parser.parse("GET / HTTP/1.1\r\nHost: b\r\n\r\n", head), parse_status::done);
  EXPECT_FALSE(head.is_head);
  EXPECT_EQ(head.content_length, 0U);
  EXPECT_EQ(head.framing, http::body_framing::none);
  EXPECT_EQ(head.fields.size(), 1U);
  EXPECT_FALSE(head.fields.has(http::field_id::content_length));
}

TEST(request_parser, asks_for_more_until_the_empty_line) {
  const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(parse_request(bytes.substr(0, size)).status, parse_status::need_more) << size;
}

}  // namespace
}  // namespace cardea::proxy::http1::testing
