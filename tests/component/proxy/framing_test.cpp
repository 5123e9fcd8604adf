// Goal: a request whose framing or identity is in doubt reaches nobody, over real
// connections. Each case checks the status, the close, and that the backend saw no byte.
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

struct refused_request {
  const char* row;
  const char* after_host;  ///< what follows "POST / HTTP/1.1", "Host: app.test"
  int status;
};

TEST(framing, s01_to_s26_refused_fields_reach_no_backend) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  const refused_request cases[] = {
      {"S01", "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG", 400},
      {"S02", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\nGPOST / HTTP/1.1\r\n\r\n", 400},
      {"S03", "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", 400},
      {"S03", "Content-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\nhello", 400},
      {"S04", "Transfer-Encoding: gzip\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: app.test\r\n\r\n", 501},
      {"S05", "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400},
      {"S06", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"S06", "Transfer-Encoding: identity\r\n\r\n", 400},
      {"S07", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400},
      {"S07",
       "Transfer-Encoding: \x0b"
       "chunked\r\n\r\n0\r\n\r\n",
       400},
      {"S07", "Transfer-Encoding:\r\n\r\n", 400},
      {"S10", "Content-Length : 5\r\n\r\nhello", 400},
      {"S12", "X: a\r\n b\r\n\r\n", 400},
      {"S12", "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400},
      {"S13", "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400},
      {"S14", "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400},
      {"S15", "Content-Length: +5\r\n\r\nhello", 400},
      {"S15", "Content-Length: 18446744073709551616\r\n\r\n", 400},
      {"S23", "X: a\rY: b\r\n\r\n", 400},
      {"S24", "X: a\n\r\n", 400},
      {"S25", "X: a\x01\r\n\r\n", 400},
      {"S26", ": x\r\n\r\n", 400},
      {"S32", "Expect: something\r\nContent-Length: 5\r\n\r\nhello", 417},
      {"S38", "Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nhello", 400},
      {"T01", "Host: app.test\r\n\r\n", 400},
  };
  for (const refused_request& each : cases) {
    tls_client client = proxy.connect();
    const http_answer answer =
        client.ask("POST / HTTP/1.1\r\nHost: app.test\r\n" + std::string(each.after_host));
    EXPECT_EQ(answer.status, each.status) << each.row << ": " << each.after_host;
    EXPECT_TRUE(answer.has_line("Connection: close")) << each.row;
    EXPECT_EQ(client.stream().read_to_end(), "") << each.row << ": a second answer";
    EXPECT_EQ(client.stream().end(), stream_end::orderly) << each.row << ": " << each.after_host;
  }
  EXPECT_EQ(origin.received(), "");
  EXPECT_EQ(origin.connections(), 0);
}

TEST(framing, s27_to_s29_and_t01_to_t05_refused_request_lines_reach_no_backend) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  const struct {
    const char* row;
    const char* request;
    int status;
  } cases[] = {
      {"S09", "POST / HTTP/1.0\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"S11", "GET / HTTP/1.1\r\n Host: app.test\r\n\r\n", 400},
      {"S24", "GET / HTTP/1.1\nHost: app.test\n\n", 400},
      {"S27", "G=\"x\" / HTTP/1.1\r\nHost: app.test\r\n\r\n", 400},
      {"S28", "GET / HTTP/1.32\r\nHost: app.test\r\n\r\n", 505},
      {"S28", "GET / HTTP/2.0\r\nHost: app.test\r\n\r\n", 505},
      {"S28", "GET /\r\n\r\n", 400},
      {"S29", "GET  / HTTP/1.1\r\nHost: app.test\r\n\r\n", 400},
      {"S39", "CONNECT app.test:443 HTTP/1.1\r\nHost: app.test:443\r\n\r\n", 405},
      {"T01", "GET / HTTP/1.1\r\n\r\n", 400},
      {"T01", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
      {"T02", "GET / HTTP/1.1\r\nHost: a@app.test\r\n\r\n", 400},
      {"T02", "GET / HTTP/1.1\r\nHost: app.test,b\r\n\r\n", 400},
      {"T03", "GET http://evil.test/ HTTP/1.1\r\nHost: app.test\r\n\r\n", 400},
      {"T05", "GET * HTTP/1.1\r\nHost: app.test\r\n\r\n", 400},
      {"T05", "GET /#x HTTP/1.1\r\nHost: app.test\r\n\r\n", 400},
  };
  for (const auto& each : cases) {
    tls_client client = proxy.connect();
    const http_answer answer = client.ask(each.request);
    EXPECT_EQ(answer.status, each.status) << each.row << ": " << each.request;
    EXPECT_TRUE(answer.has_line("Connection: close")) << each.row << ": " << each.request;
    EXPECT_EQ(client.stream().read_to_end(), "") << each.row;
    EXPECT_EQ(client.stream().end(), stream_end::orderly) << each.row << ": " << each.request;
  }
  EXPECT_EQ(origin.received(), "");
}

TEST(framing, s17_to_s20_a_broken_chunk_never_looks_like_a_whole_request) {
  const raw_origin origin([](raw_origin::connection& each) { each.record(each.stream().read_to_end()); });
  const proxy_under_test proxy(origin);
  const struct {
    const char* row;
    const char* body;
  } cases[] = {
      {"S17", "0x5\r\nhello\r\n0\r\n\r\n"}, {"S17", "FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n"},
      {"S18", "5\nhello\r\n0\r\n\r\n"},     {"S19", "5;a\nb\r\nhello\r\n0\r\n\r\n"},
      {"S20", "5\r\nhelloXX0\r\n\r\n"},     {"S20", "0\r\nX:POST / HTTP/1.1\nA: b\r\n\r\n"},
  };
  for (const auto& each : cases) {
    tls_client client = proxy.connect();
    const http_answer answer = client.ask(
        "POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(each.body));
    EXPECT_EQ(answer.status, 400) << each.row << ": " << each.body;
    EXPECT_TRUE(answer.has_line("Connection: close")) << each.row;
    EXPECT_EQ(client.stream().read_to_end(), "") << each.row;
  }
  ASSERT_TRUE(origin.wait_for_ended(origin.connections()));
  EXPECT_EQ(origin.received().find("0\r\n\r\n"), std::string::npos)
      << "a last chunk that the client never sent";
}

TEST(framing, s08_odd_spellings_of_chunked_are_normalised) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  for (const char* field :
       {"Transfer-Encoding:\tchunked", "Transfer-Encoding:chunked", "tRANSFER-eNCODING: Chunked"}) {
    const http_answer answer = client.ask("POST / HTTP/1.1\r\nHost: app.test\r\n" + std::string(field) +
                                          "\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    EXPECT_EQ(answer.status, 200) << field;
  }
  const std::string seen = origin.received();
  std::size_t normal = 0;
  for (auto at = seen.find("\r\nTransfer-Encoding: chunked\r\n"); at != std::string::npos;
       at = seen.find("\r\nTransfer-Encoding: chunked\r\n", at + 1))
    ++normal;
  EXPECT_EQ(normal, 3U) << seen;
}

TEST(framing, s30_pipelined_requests_are_answered_in_order) {
  const raw_origin origin([](raw_origin::connection& each) {
    while (true) {
      const auto request = each.request();
      if (request.head.empty()) return;
      each.write(ok("answer to " + request.head.substr(0, request.head.find(" HTTP")) + request.body));
    }
  });
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  client.send(get("/1") + "POST /2 HTTP/1.1\r\nHost: app.test\r\nContent-Length: 2\r\n\r\n:x" +
              "POST /3 HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n:y\r\n0\r\n\r\n" +
              "POST /4 HTTP/1.1\r\nHost: app.test\r\nContent-Length: 0\r\n\r\n" + get("/5") +
              "Invalid\r\n\r\n");
  for (const char* expected : {"GET /1", "POST /2:x", "POST /3:y", "POST /4", "GET /5"})
    EXPECT_EQ(client.answer().body, "answer to " + std::string(expected));
  EXPECT_EQ(client.answer().status, 400) << "garbage behind them is refused, after their answers";
  EXPECT_EQ(client.stream().read_to_end(), "");
  EXPECT_EQ(client.stream().end(), stream_end::orderly);
}

TEST(framing, s30_thousands_of_pipelined_requests_are_answered) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  const std::string unknown = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send(unknown);
  const http_answer first = client.answer();
  const std::string answer = first.head + "\r\n\r\n" + first.body;
  constexpr std::size_t count = 20'000;
  std::string requests;
  for (std::size_t i = 0; i < count; ++i) requests += unknown;
  const std::string answers = client.stream().write_and_read(requests, count * answer.size());
  ASSERT_EQ(answers.size(), count * answer.size());
  EXPECT_TRUE(answers.ends_with(answer));
  EXPECT_EQ(client.ask(get()).status, 200) << "nothing is left over";
}

TEST(framing, s31_a_request_in_records_of_one_byte_is_a_request) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  const std::string request =
      "POST /split HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nA: "
      "b\r\n\r\n";
  for (int round = 0; round < 2; ++round) {
    for (const char byte : request) ASSERT_TRUE(client.send({&byte, 1}));
    EXPECT_EQ(client.answer().status, 200);
  }
  EXPECT_NE(origin.received().find("helloA: b\r\n"), std::string::npos) << origin.received();
}

TEST(framing, s31_a_refused_request_in_records_of_one_byte_is_refused) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  for (const char byte : std::string("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length : 5\r\n\r\nhello"))
    client.send({&byte, 1});
  EXPECT_EQ(client.answer().status, 400);
  EXPECT_EQ(origin.received(), "");
}

TEST(framing, s16_a_body_of_a_get_travels_with_its_length) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  for (int round = 0; round < 2; ++round)
    EXPECT_EQ(client.ask(get("/", "Content-Length: 5\r\n") + "hello").status, 200);
  const std::string seen = origin.received();
  EXPECT_NE(seen.find("\r\nContent-Length: 5\r\n"), std::string::npos) << seen;
  EXPECT_TRUE(seen.ends_with("hello")) << seen;
}

TEST(framing, s33_s36_an_answer_of_ours_before_the_body_ends_the_connection) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  const std::string smuggled = get("/smuggled");
  const http_answer answer = client.ask("POST / HTTP/1.1\r\nHost: unknown.test\r\nContent-Length: " +
                                        std::to_string(smuggled.size()) + "\r\n\r\n" + smuggled);
  EXPECT_EQ(answer.status, 404);
  EXPECT_TRUE(answer.has_line("Connection: close"));
  EXPECT_EQ(client.stream().read_to_end(), "") << "the body was taken for a request";
  EXPECT_EQ(origin.received(), "");
}

}  // namespace
}  // namespace cardea::proxy
